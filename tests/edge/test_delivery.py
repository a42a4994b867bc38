"""Delivery: everything journaled reaches the server once, whatever is answered or not answered."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.edge import BOOT, DESCRIPTION, ORIGIN, clock_at_noon, describe, event, minute
from tests.support.model_server import ModelServer

from stallaini.edge.journal import KEPT_ACKED, Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.uplink import Delivery
from stallaini.link import model_slots as slots
from stallaini.link.codec_range import Codecs
from stallaini.link.downlink import encode_downlink
from stallaini.link.messages import Answer, Command, Downlink, Event, Live, Minute
from stallaini.link.model import Model


class Edge:
    """An edge's journal and delivery, which can be killed and started again, against a model server."""

    def __init__(self, path: Path, server: ModelServer, origin: Origin = ORIGIN) -> None:
        self.path, self.server, self.origin = path, server, origin
        self.appended = self.kept_acked = 0
        self.start()

    def start(self) -> None:
        self.keeper = JournalKeeper(
            self.path, 10**8, clock_at_noon(), self.origin, kept_acked=self.kept_acked
        )
        self.delivery = Delivery(self.keeper, self.origin)

    def append(self, minutes: int, events: int = 0) -> None:
        first = self.appended
        bodies: list[Minute | Event] = [minute(number, number) for number in range(first, first + minutes)]
        self.keeper.append([*bodies, *(event(first + number) for number in range(events))])
        self.appended += minutes

    def exchange(self, live: Live | None = None) -> bool:
        """One exchange on a good link. False: nothing to send, or no progress."""
        payload = self.delivery.compose(live)
        return payload is not None and self.delivery.answered(self.server.handle(payload))

    def deliver_all(self) -> int:
        exchanges = 0
        while self.exchange():
            exchanges += 1
            assert exchanges < 500
        assert not self.keeper.unacked
        return exchanges

    @property
    def delivered(self) -> list[int]:
        return sorted(
            body.minute - minute(0).minute for body in self.server.bodies if isinstance(body, Minute)
        )


def test_a_new_edge_introduces_itself_and_then_needs_one_exchange_a_minute(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(2, events=1)
    edge.deliver_all()
    assert edge.server.answers == [Answer.NEED_DESCRIPTION, Answer.OK]
    edge.append(1)
    payload = edge.delivery.compose()
    assert payload is not None
    assert len(payload) < 20, "chained to what the server has, without the long head"
    edge.delivery.answered(edge.server.handle(payload))
    assert edge.delivered == [0, 1, 2]


def test_a_backlog_goes_oldest_first_in_messages_of_1024_bytes(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1500)
    payloads = []
    while (payload := edge.delivery.compose()) is not None:
        payloads.append(payload)
        edge.delivery.answered(edge.server.handle(payload))
    assert max(len(payload) for payload in payloads) <= 1024
    numbers = [entry.seq for uplink in edge.server.uplinks for entry in uplink.entries]
    assert numbers == list(range(1, 1501))


def test_an_answer_that_got_lost_doubles_nothing(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(3)
    edge.deliver_all()
    edge.append(2)
    payload = edge.delivery.compose()
    assert payload is not None
    edge.server.handle(payload)
    edge.delivery.failed()
    edge.append(1)
    edge.deliver_all()
    assert edge.delivered == list(range(6))


def test_a_server_that_forgot_the_head_or_the_base_gets_them(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(3)
    edge.deliver_all()
    edge.server.known = None
    edge.server.state.entries = {}
    edge.append(1)
    edge.deliver_all()
    assert edge.server.answers[-3:] == [Answer.NEED_HEAD, Answer.UNKNOWN_BASE, Answer.OK]
    assert edge.delivered == [3]


def test_a_server_restored_from_a_backup_gets_again_what_the_edge_still_has(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.keeper = JournalKeeper(tmp_path / "k", 10**8, clock_at_noon(), ORIGIN)
    edge.delivery = Delivery(edge.keeper, ORIGIN)
    edge.append(10)
    edge.deliver_all()
    backup = edge.server.backup()
    edge.append(10)
    edge.deliver_all()
    edge.server.restore(backup)
    edge.append(1)
    edge.deliver_all()
    assert edge.delivered == list(range(21))
    assert not [body for body in edge.server.bodies if isinstance(body, Event)], "nothing was lost"


def test_a_server_restored_from_an_old_backup_is_told_what_is_gone(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(2)
    edge.deliver_all()
    backup = edge.server.backup()
    for _ in range(3):
        edge.append(2)
        edge.deliver_all()
    edge.server.restore(backup)
    edge.append(1)
    edge.deliver_all()
    lost = [body for body in edge.server.bodies if isinstance(body, Event)]
    assert [(note.kind, note.data["after_seq"], note.data["upto_seq"]) for note in lost] == [
        ("journal.lost", 2, 7)
    ]
    assert edge.delivered == [0, 1, 7, 8]
    edge.append(1)
    edge.deliver_all()
    assert [uplink.lost_before for uplink in edge.server.uplinks[-2:]] == [True, False], "said once"


def test_an_old_copy_of_the_card_never_hides_new_entries_behind_used_numbers(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(2)
    edge.deliver_all()
    edge.keeper.close()
    copy = (tmp_path / "j").read_bytes()
    edge.start()
    edge.append(5)
    edge.deliver_all()
    edge.keeper.close()
    (tmp_path / "j").write_bytes(copy)
    edge.start()
    edge.append(2)
    edge.exchange()
    edge.deliver_all()
    assert set(edge.delivered) == set(range(9))


def test_nor_when_more_is_new_than_the_copy_lacks(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(2)
    edge.deliver_all()
    edge.keeper.close()
    copy = (tmp_path / "j").read_bytes()
    edge.start()
    edge.append(150)
    edge.deliver_all()
    edge.keeper.close()
    (tmp_path / "j").write_bytes(copy)
    edge.start()
    edge.append(200)
    edge.exchange()
    edge.deliver_all()
    assert set(edge.delivered) == set(range(352))


def test_entries_of_an_older_description_are_delivered_under_it(tmp_path: Path) -> None:
    server = ModelServer()
    edge = Edge(tmp_path / "j", server)
    edge.append(3)
    edge.keeper.close()
    edge.origin = Origin(BOOT, describe("renamed").encode())
    edge.start()
    edge.append(2)
    edge.deliver_all()
    hashes = [(uplink.description_hash, len(uplink.entries)) for uplink in server.uplinks]
    assert [count for _, count in hashes] == [0, 3, 2], "the first asks how far the server is"
    assert hashes[1][0] != hashes[2][0]
    assert len(server.state.codecs) == 2


def test_live_values_travel_alone_or_with_what_is_due(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    live = Live(1, ((5, 0), None, None, None))
    edge.append(1)
    edge.deliver_all()
    assert edge.exchange(live)
    edge.append(1)
    assert edge.exchange(live)
    assert [(len(uplink.entries), uplink.live) for uplink in edge.server.uplinks] == [
        (1, None),
        (0, live),
        (1, live),
    ]


def test_a_server_that_repeats_itself_brings_nothing_forward(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    for answer in (Answer.NEED_HEAD, Answer.NEED_DESCRIPTION, Answer.UNKNOWN_BASE, Answer.RESEND):
        for _ in range(2):
            assert edge.delivery.compose() is not None
            forward = edge.delivery.answered(encode_downlink(Downlink(answer, 0)))
        assert not forward
    edge.deliver_all()
    assert edge.delivered == [0]


class Faults:
    """Ways an exchange goes wrong; each leaves the edge with the answer it gets, None for no answer."""

    def lost_request(self, server: ModelServer, payload: bytes) -> bytes | None:
        return None

    def lost_answer(self, server: ModelServer, payload: bytes) -> bytes | None:
        server.handle(payload)
        return None

    def rubbish(self, server: ModelServer, payload: bytes) -> bytes | None:
        server.handle(payload)
        return b"\xff\xff"

    def needless_head(self, server: ModelServer, payload: bytes) -> bytes | None:
        return encode_downlink(Downlink(Answer.NEED_HEAD, 0))

    def needless_description(self, server: ModelServer, payload: bytes) -> bytes | None:
        return encode_downlink(Downlink(Answer.NEED_DESCRIPTION, 0))

    def needless_base(self, server: ModelServer, payload: bytes) -> bytes | None:
        return encode_downlink(Downlink(Answer.UNKNOWN_BASE, 0))

    def good(self, server: ModelServer, payload: bytes) -> bytes | None:
        return server.handle(payload)


ACTIONS = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 40)),
    st.tuples(st.just("exchange"), st.sampled_from([name for name in vars(Faults) if name[0] != "_"])),
    st.tuples(
        st.sampled_from(("good", "good", "kill", "backup", "restore", "restart_server", "watch")), st.just("")
    ),
)


@settings(max_examples=150)
@given(st.lists(ACTIONS, min_size=5, max_size=40))
def test_in_any_order_of_mishaps_each_minute_arrives_once_or_is_named_lost(
    actions: list[tuple[str, str | int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = ModelServer()
        edge = Edge(Path(folder) / "j", server)
        backup = server.backup()
        numbers: dict[tuple[bytes, int], Minute | Event] = {}
        for action, detail in actions:
            if action == "append":
                edge.append(int(detail), events=int(detail) % 3)
            elif action == "backup":
                backup = server.backup()
            elif action == "restore":
                server.restore(backup)
            elif action == "restart_server":
                server.known = None
            elif action == "watch":
                server.watching_s = 60 - server.watching_s
            elif action == "kill":
                edge.start()
            elif (payload := edge.delivery.compose()) is not None:
                fault = getattr(Faults(), str(detail) if action == "exchange" else "good")
                answer = fault(server, payload)
                if answer is None:
                    edge.delivery.failed()
                else:
                    edge.delivery.answered(answer)
            numbers |= server.state.entries
        _settle(edge)
        _check(edge, numbers | server.state.entries)


def _settle(edge: Edge) -> None:
    """A good link for long enough; one more minute, so that a server set back is noticed."""
    edge.append(1)
    for _ in range(200):
        edge.exchange()
    assert not edge.keeper.unacked


def _check(edge: Edge, numbers: dict[tuple[bytes, int], Minute | Event]) -> None:
    stored = edge.server.state.entries
    lost = [
        (journal_id, body.data)
        for (journal_id, _), body in stored.items()
        if isinstance(body, Event) and body.kind == "journal.lost"
    ]
    named = {
        body.minute
        for (journal_id, seq), body in numbers.items()
        if isinstance(body, Minute)
        and any(
            journal_id == where and int(data["after_seq"] or 0) < seq <= int(data["upto_seq"] or 0)
            for where, data in lost
        )
    }
    minutes = [body.minute for body in stored.values() if isinstance(body, Minute)]
    assert len(minutes) == len(set(minutes)), "none twice"
    wanted = {minute(number).minute for number in range(edge.appended)}
    assert wanted - set(minutes) <= named, "none lost without its gap named"
    assert set(minutes) <= wanted


def test_a_steady_minute_takes_few_bytes_and_its_answer_none(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(3)
    edge.deliver_all()
    edge.append(1)
    payload = edge.delivery.compose()
    assert payload is not None
    assert len(payload) <= 8
    answer = edge.server.handle(payload)
    assert answer == b""
    assert edge.delivery.answered(answer)
    assert not edge.keeper.unacked


def a_backlog(path: Path) -> Edge:
    """An edge that the server knows, three thousand noisy minutes behind."""
    edge = Edge(path, ModelServer())
    edge.append(1)
    edge.deliver_all()
    chance = random.Random(3)
    edge.keeper.append([minute(number, chance.randrange(-900, 900)) for number in range(1, 3000)])
    edge.appended = 3000
    return edge


def test_an_event_passes_a_long_backlog_of_minutes(tmp_path: Path) -> None:
    edge = a_backlog(tmp_path / "j")
    edge.keeper.append([event(7)])
    assert edge.exchange()
    assert event(7) in edge.server.bodies
    assert edge.delivered == [0]
    exchanges = edge.deliver_all()
    assert exchanges < 20
    assert edge.delivered == list(range(3000))
    assert edge.server.bodies.count(event(7)) == 1, "one entry, though it was sent twice"


def test_while_somebody_watches_the_newest_minute_passes_the_backlog(tmp_path: Path) -> None:
    edge = a_backlog(tmp_path / "j")
    edge.server.watching_s = 60
    assert edge.exchange()
    assert edge.exchange()
    assert edge.delivered[-1] == 2999
    assert len(edge.delivered) < 2000
    edge.append(1)
    assert edge.exchange()
    assert edge.delivered[-1] == 3000
    edge.deliver_all()
    assert edge.delivered == list(range(3001))


def test_events_go_and_minutes_wait_when_only_events_may(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    edge.deliver_all()
    edge.append(5, events=1)
    payload = edge.delivery.compose(events_only=True)
    assert payload is not None
    assert edge.delivery.answered(edge.server.handle(payload))
    assert edge.delivery.compose(events_only=True) is None, "once is enough"
    assert edge.delivered == [0]
    edge.deliver_all()
    assert edge.delivered == list(range(6))


def test_a_site_codes_by_its_own_model_until_the_server_lacks_it(tmp_path: Path) -> None:
    server = ModelServer()
    own = Model({"*": {slots.GONE: 60_000}})
    description = msgspec.structs.replace(DESCRIPTION, minute_model=own.id.hex())
    edge = Edge(tmp_path / "j", server, Origin(BOOT, description.encode()))
    edge.delivery = Delivery(edge.keeper, edge.origin, own)
    server.models = [own]
    edge.append(1)
    edge.deliver_all()
    assert Answer.UNKNOWN_MODEL not in server.answers
    server.state.codecs = {hash_: Codecs(description) for hash_ in server.state.codecs}
    edge.append(2)
    edge.deliver_all()
    assert server.answers.count(Answer.UNKNOWN_MODEL) == 1
    assert edge.delivered == [0, 1, 2]


def test_a_wish_for_the_time_makes_an_uplink_of_its_own(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    assert edge.delivery.compose() is None
    edge.delivery.time_wanted = True
    assert edge.exchange()
    assert edge.exchange()
    assert edge.server.uplinks[-1].time_wanted
    edge.delivery.time_wanted = False
    assert edge.delivery.compose() is None


def test_the_newest_command_kept_is_told_once(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    edge.deliver_all()
    edge.delivery.commands_seen = 42
    for _ in range(2):
        edge.append(1)
        edge.deliver_all()
    assert [uplink.commands_seen for uplink in edge.server.uplinks[-2:]] == [42, None]


def test_a_refused_second_edge_keeps_everything(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    assert edge.delivery.compose() is not None
    assert not edge.delivery.answered(encode_downlink(Downlink(Answer.CONFLICT, 0)))
    assert edge.keeper.unacked


def test_a_called_edge_sends_an_uplink_with_nothing_in_it_once(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    edge.deliver_all()
    for answered in (True, False):
        edge.delivery.called = True
        payload = edge.delivery.compose()
        assert payload is not None
        assert len(payload) <= 6
        if answered:
            assert edge.delivery.answered(edge.server.handle(payload))
        else:
            edge.delivery.failed()
        assert edge.delivery.compose() is None


def test_a_call_that_comes_while_an_answer_is_awaited_makes_another_uplink(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    edge.deliver_all()
    edge.append(1)
    payload = edge.delivery.compose()
    assert payload is not None
    edge.delivery.called = True
    edge.delivery.answered(edge.server.handle(payload))
    assert edge.delivery.compose() is not None


def test_a_server_that_sends_a_command_again_is_told_again_that_it_is_kept(tmp_path: Path) -> None:
    edge = Edge(tmp_path / "j", ModelServer())
    edge.append(1)
    edge.deliver_all()
    edge.delivery.commands_seen = 42
    edge.append(1)
    edge.deliver_all()
    edge.append(1)
    assert edge.delivery.compose() is not None
    again = Downlink(Answer.OK, 3, commands=(Command(42, "anna", "ping", 0, 1),))
    edge.delivery.answered(encode_downlink(again))
    edge.append(1)
    edge.deliver_all()
    assert edge.server.uplinks[-1].commands_seen == 42


def test_card_and_server_both_set_back_what_neither_has_is_named(tmp_path: Path) -> None:
    """The card forgets what is acknowledged; then an older copy of it is put back, then one of the server."""
    edge = Edge(tmp_path / "j", ModelServer())
    backup = edge.server.backup()
    for _ in range(3):
        edge.append(2)
        edge.deliver_all()
    edge.keeper.close()
    copy = (tmp_path / "j").read_bytes()
    edge.kept_acked = KEPT_ACKED  # from now on nothing is forgotten, but for what is already
    edge.start()
    edge.append(2)
    edge.deliver_all()
    edge.keeper.close()
    (tmp_path / "j").write_bytes(copy)
    edge.start()
    edge.append(1)
    edge.exchange()
    edge.deliver_all()
    edge.server.restore(backup)
    edge.append(1)
    edge.exchange()
    edge.deliver_all()
    gone = set(range(edge.appended)) - set(edge.delivered)
    named = [
        body for body in edge.server.bodies if isinstance(body, Event) and body.kind == "journal.renewed"
    ]
    assert gone
    assert named[-1].data["to"] == minute(min(edge.delivered)).minute * 60, "everything before what is held"
