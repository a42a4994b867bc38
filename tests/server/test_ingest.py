"""What the server makes of each uplink, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.uplinks import DAY, NOON_MINUTE, Edge, Server, a_description, minute

from stallaini.clock import VirtualClock
from stallaini.link.envelope import HeadForm
from stallaini.link.messages import Answer, Command, Downlink, Entry, Event, Head, Live
from stallaini.link.varint import Malformed
from stallaini.server.ingest import Ingest, NotReady
from stallaini.server.store.base import StoreUnavailable


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server.running(tmp_path) as running:
        yield running


async def stored(server: Server, site: str = "noto") -> list[int]:
    found = await server.store.present_minutes(site, NOON_MINUTE - 10 * DAY, NOON_MINUTE + 10 * DAY)
    return [int(minute_) - NOON_MINUTE for minute_ in found]


async def kinds(server: Server, site: str = "noto") -> list[str]:
    return [event.kind for event in await server.store.events(site, 0, 2**40, 1000)]


async def test_minutes_and_events_are_acknowledged_and_stored(server: Server) -> None:
    edge = Edge()
    raised = Event(NOON_MINUTE * 60 + 7, "alarm.raised", {"alarm": "low_voltage", "volts": 46.1})
    answer = await edge.tell(server, minute(NOON_MINUTE), raised, minute(NOON_MINUTE + 1))
    assert answer == Downlink(Answer.OK, acked_seq=3)
    assert await stored(server) == [0, 1]
    assert await server.store.events("noto", 0, 2**40, 10) == [raised]
    assert server.ear.minutes == [NOON_MINUTE, NOON_MINUTE + 1]


async def test_the_same_uplink_twice_changes_nothing(server: Server) -> None:
    edge = Edge()
    uplink = edge.uplink(edge.entries([minute(NOON_MINUTE), Event(NOON_MINUTE * 60, "boot")]))
    first, second = await edge.send(server, uplink), await edge.send(server, uplink)
    assert first == second == Downlink(Answer.OK, acked_seq=2)
    assert await stored(server) == [0]
    assert await kinds(server) == ["boot"]
    assert server.ear.minutes == [NOON_MINUTE]


async def test_entries_acknowledged_before_are_skipped_in_a_longer_uplink(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE + offset) for offset in range(5)])
    await edge.send(server, edge.uplink(entries[:3]))
    answer = await edge.send(server, edge.uplink(entries))
    assert answer.acked_seq == 5
    assert server.ear.minutes == [NOON_MINUTE + offset for offset in range(5)]


async def test_an_unknown_description_is_asked_for_once(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE)])
    bare = edge.uplink(entries, described=False)
    assert (await edge.send(server, bare)).answer is Answer.NEED_DESCRIPTION
    assert (await edge.send(server, edge.uplink(entries))).answer is Answer.OK
    again = edge.uplink(edge.entries([minute(NOON_MINUTE + 1)]), described=False)
    assert (await edge.send(server, again)).answer is Answer.OK
    assert await server.store.description("noto") == edge.description


async def test_minutes_chained_to_the_last_acknowledged_one_are_understood(server: Server) -> None:
    edge = Edge()
    first = edge.entries([minute(NOON_MINUTE)])
    second = edge.entries([minute(NOON_MINUTE + 1)])
    third = edge.entries([minute(NOON_MINUTE + 2)])
    await edge.send(server, edge.uplink(first))
    chained = edge.uplink(second, described=False)
    assert (await edge.send(server, chained, first[0], form=HeadForm.TAG)).answer is Answer.OK
    # The answer to the second was lost: the edge still codes against the first.
    late = edge.uplink([*second, *third], described=False)
    assert (await edge.send(server, late, first[0])).acked_seq == 3
    assert [base.seq for base in (await server.store.journal("noto", edge.journal_id)).bases] == [2, 3]
    column = await server.store.column("noto", "battery.soc.last", NOON_MINUTE, NOON_MINUTE + 9)
    assert column.values.tolist() == [e.body.values[3] for e in [*first, *second, *third]]  # type: ignore[union-attr]


async def test_a_base_the_server_does_not_have_is_refused(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE), minute(NOON_MINUTE + 1)])
    await edge.send(server, edge.uplink(entries[:1]))
    stranger = Entry(1, minute(NOON_MINUTE - 50, 1, 2, 3, 4))
    answer = await edge.send(server, edge.uplink(entries[1:]), stranger)
    assert answer == Downlink(Answer.UNKNOWN_BASE, acked_seq=1)
    assert await stored(server) == [0]


async def test_bases_heads_and_acknowledgements_survive_a_restart(tmp_path: Path) -> None:
    edge = Edge()
    first = edge.entries([minute(NOON_MINUTE)])
    second = edge.entries([minute(NOON_MINUTE + 1)])
    with Server.running(tmp_path) as server:
        await edge.send(server, edge.uplink(first))
    with Server.running(tmp_path) as server:
        uplink = edge.uplink(second, described=False)
        answer = await edge.send(server, uplink, first[0], form=HeadForm.TAG)
        assert answer == Downlink(Answer.OK, acked_seq=2)
        assert await stored(server) == [0, 1]


async def test_a_tag_without_a_known_head_is_answered_with_need_head(server: Server) -> None:
    edge = Edge()
    uplink = edge.uplink(edge.entries([minute(NOON_MINUTE)]), described=False)
    assert (await edge.send(server, uplink, form=HeadForm.TAG)).answer is Answer.NEED_HEAD


async def test_a_server_that_lacks_earlier_entries_asks_for_them(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE + offset) for offset in range(6)])
    await edge.send(server, edge.uplink(entries[:2]))
    answer = await edge.send(server, edge.uplink(entries[4:]))
    assert answer == Downlink(Answer.RESEND, acked_seq=2)
    assert await stored(server) == [0, 1]


async def test_a_gap_that_cannot_be_filled_is_named(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE + offset) for offset in range(6)])
    await edge.send(server, edge.uplink(entries[:2]))
    uplink = edge.uplink(entries[4:], lost_before=True)
    assert await edge.send(server, uplink) == Downlink(Answer.OK, acked_seq=6)
    assert await stored(server) == [0, 1, 4, 5]
    (lost,) = await server.store.events("noto", 0, 2**40, 10)
    assert (lost.kind, lost.data) == (
        "entries.lost",
        {"first_seq": 3, "last_seq": 4, "after_minute": NOON_MINUTE + 1, "before_minute": NOON_MINUTE + 4},
    )


async def test_a_new_journal_starts_from_nothing(server: Server) -> None:
    await Edge(journal=1).tell(server, minute(NOON_MINUTE))
    replaced = Edge(journal=2)
    assert (await replaced.tell(server, minute(NOON_MINUTE + 1))).acked_seq == 1
    assert await stored(server) == [0, 1]


async def test_of_two_records_for_one_minute_the_first_stays_and_the_conflict_is_told(server: Server) -> None:
    await Edge(journal=1).tell(server, minute(NOON_MINUTE, 1, 1, 1, 1))
    other = Edge(journal=2)
    await other.tell(server, minute(NOON_MINUTE, 1, 1, 1, 1))
    assert server.ingest.counters["minutes.known"] == 1
    assert await kinds(server) == []
    answer = await other.tell(server, minute(NOON_MINUTE, 2, 2, 2, 2))
    assert answer == Downlink(Answer.OK, acked_seq=2)
    assert server.ingest.counters["minutes.conflict"] == 1
    assert await kinds(server) == ["minute.conflict"]
    column = await server.store.column("noto", "battery.current.mean", NOON_MINUTE, NOON_MINUTE + 1)
    assert column.values.tolist() == [1]


@pytest.mark.parametrize(
    ("strange", "reason"),
    [
        (minute(NOON_MINUTE + 3 * DAY), "future"),
        (minute(12), "past"),
        (minute(NOON_MINUTE, 1, 2, 3, 2**60), "range"),
        (minute(NOON_MINUTE, span_minutes=999), "span"),
    ],
)
async def test_an_impossible_minute_is_set_aside_and_blocks_nothing(
    server: Server, strange: object, reason: str
) -> None:
    edge = Edge()
    answer = await edge.tell(server, minute(NOON_MINUTE + 5), strange, minute(NOON_MINUTE + 6))  # type: ignore[arg-type]
    assert answer == Downlink(Answer.OK, acked_seq=3)
    assert await stored(server) == [5, 6]
    (event,) = await server.store.events("noto", 0, 2**40, 10)
    assert (event.kind, event.data["reason"]) == ("minute.refused", reason)
    assert server.ingest.counters[f"minutes.refused.{reason}"] == 1


async def test_a_site_with_a_wrong_clock_makes_one_event_an_hour(server: Server) -> None:
    edge = Edge()
    for offset in range(5):
        await edge.tell(server, minute(NOON_MINUTE + 5 * DAY + offset))
        server.clock.advance(60)
    assert await kinds(server) == ["minute.refused"]


async def test_its_event_names_all_that_was_refused_in_that_hour(server: Server) -> None:
    edge = Edge()
    first = NOON_MINUTE + 5 * DAY
    for offset in (7, 3, 30):
        await edge.tell(server, minute(first + offset), minute(first + offset + 1))
    (event,) = await server.store.events("noto", 0, 2**40, 10)
    assert event.data == {
        "reason": "future",
        "minutes": 6,
        "first_minute": first + 3,
        "before_minute": first + 32,
    }


async def test_an_event_that_comes_again_under_a_new_journal_is_stored_once(server: Server) -> None:
    raised = Event(NOON_MINUTE * 60, "flag.raised", {"channel": "battery.alarm.low_voltage"})
    later = replace(raised, at_s=raised.at_s + 1)
    await Edge(journal=1).tell(server, raised, raised)
    await Edge(journal=2).tell(server, raised, later)
    stored_s = [event.at_s for event in await server.store.events("noto", 0, 2**40, 10)]
    assert stored_s == [later.at_s, raised.at_s, raised.at_s], "twice in one journal is twice"


async def test_a_server_whose_clock_may_be_behind_acknowledges_only_what_it_can_judge(server: Server) -> None:
    server.ingest = Ingest(server.store, server.clock, server.ear)
    edge = Edge()
    ahead = server.clock.wall_s() // 60 + 90
    entries = edge.entries([minute(NOON_MINUTE), minute(int(ahead)), minute(int(ahead) + 1)])
    assert (await edge.send(server, edge.uplink(entries))).acked_seq == 1
    with pytest.raises(NotReady):
        await edge.send(server, edge.uplink(entries[1:]))
    server.clock.step_wall(3 * 3600)
    assert (await edge.send(server, edge.uplink(entries[1:]))).acked_seq == 3
    assert len(await stored(server)) == 3


async def test_an_event_with_an_impossible_time_is_kept_under_that_of_its_arrival(server: Server) -> None:
    await Edge().tell(server, Event(77, "boot", {"nan": float("nan")}))
    (event,) = await server.store.events("noto", 0, 2**40, 10)
    assert event == Event(int(server.clock.wall_s()), "boot", {"nan": "nan", "said_at_s": 77})


async def test_live_values_are_shown_but_not_stored(server: Server) -> None:
    edge = Edge()
    await edge.tell(server, minute(NOON_MINUTE))
    server.ear.watched_s = 30
    server.clock.advance(5)
    live = Live(int(server.clock.wall_s()), ((12, 1), None))
    answer = await edge.send(server, edge.uplink(live=live, described=False), form=HeadForm.TAG)
    assert answer == Downlink(Answer.OK, acked_seq=1, watching_s=30)
    assert server.ear.heard[-1] == ("noto", live)
    (row,) = await server.store.sites()
    assert row.heard_s == int(server.clock.wall_s())


async def test_a_malformed_uplink_is_refused_and_counted(server: Server) -> None:
    edge = Edge()
    await edge.tell(server, minute(NOON_MINUTE))
    for payload in (b"", b"\xff" * 40, b"{}"):
        with pytest.raises(Malformed):
            await server.ingest.handle("noto", payload)
    assert server.ingest.counters["uplinks.Malformed"] == 3
    assert (await edge.tell(server, minute(NOON_MINUTE + 1))).answer is Answer.OK


async def test_nothing_is_acknowledged_while_the_disk_is_full(server: Server) -> None:
    edge = Edge()
    await edge.tell(server, minute(NOON_MINUTE))
    full = edge.uplink(edge.entries([minute(NOON_MINUTE + offset) for offset in range(1, 1000)]))
    pages = await server.database.write(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await server.database.write(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreUnavailable, match="full"):
        await edge.send(server, full)
    assert await stored(server) == [0]
    assert server.ear.minutes == [NOON_MINUTE]
    await server.database.write(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    assert (await edge.send(server, full)).acked_seq == 1000
    assert await stored(server) == list(range(1000))


async def test_a_thinned_minute_counts_for_the_minutes_it_stands_for(server: Server) -> None:
    await Edge().tell(server, minute(NOON_MINUTE, span_minutes=15), minute(NOON_MINUTE + 20))
    assert await stored(server) == [*range(15), 20]
    (row,) = await server.store.sites()
    assert row.last_minute == NOON_MINUTE + 20


async def test_a_changed_title_is_the_sites_newest(server: Server) -> None:
    await Edge().tell(server, minute(NOON_MINUTE))
    await Edge(description=a_description(title="Noto, new"), journal=2).tell(server, minute(NOON_MINUTE + 1))
    (row,) = await server.store.sites()
    assert (row.title, row.timezone, row.last_minute) == ("Noto, new", "Europe/Rome", NOON_MINUTE + 1)


async def test_entries_ahead_are_stored_and_shown_but_acknowledge_nothing(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE + n) for n in range(5)])
    await edge.send(server, edge.uplink(entries[:1]))
    ahead = replace(edge.uplink(entries[4:], after_seq=1), ahead=True)
    assert await edge.send(server, ahead) == Downlink(Answer.OK, acked_seq=1)
    assert await stored(server) == [0, 4]
    assert server.ear.minutes[-1] == NOON_MINUTE + 4
    assert (await edge.send(server, edge.uplink(entries[1:]))).acked_seq == 5
    assert await stored(server) == [0, 1, 2, 3, 4]
    assert server.ingest.counters["minutes.known"] == 1


async def test_an_event_ahead_is_one_event(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE), Event(NOON_MINUTE * 60, "flag.raised", {"channel": "x"})])
    await edge.send(server, replace(edge.uplink(entries[1:], after_seq=0), ahead=True))
    await edge.send(server, edge.uplink(entries))
    assert await kinds(server) == ["flag.raised"]


async def test_a_refused_minute_ahead_is_judged_when_its_turn_comes(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE), minute(NOON_MINUTE + 10 * DAY)])
    await edge.send(server, replace(edge.uplink(entries[1:], after_seq=0), ahead=True))
    assert server.ingest.counters["minutes.refused.future"] == 0
    assert (await edge.send(server, edge.uplink(entries))).acked_seq == 2
    assert server.ingest.counters["minutes.refused.future"] == 1


async def test_a_brief_uplink_is_taken_and_one_that_does_not_fit_asks_for_the_head(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE + n) for n in range(3)])
    await edge.send(server, edge.uplink(entries[:1]))
    brief = edge.uplink(entries[1:2], described=False)
    assert await edge.send(server, brief, entries[0], form=HeadForm.BRIEF) == Downlink(Answer.OK, 2)
    other = Entry(2, minute(NOON_MINUTE + 1, 0, 0, 0, 0))
    wrong = edge.uplink(entries[2:], described=False)
    assert (await edge.send(server, wrong, other, form=HeadForm.BRIEF)).answer is Answer.NEED_HEAD
    assert await stored(server) == [0, 1]


async def test_the_time_is_told_when_it_is_asked_for(server: Server) -> None:
    edge = Edge()
    answer = await edge.send(server, replace(edge.uplink(), time_wanted=True))
    assert answer.time_ms == int(server.clock.wall_s() * 1000)
    assert (await edge.send(server, edge.uplink())).time_ms is None
    server.clock.step_wall(-server.clock.wall_s() + 60)
    assert (await edge.send(server, replace(edge.uplink(), time_wanted=True))).time_ms is None


async def test_a_second_edge_with_the_same_keys_is_refused_and_noted(server: Server) -> None:
    """The card was copied: both speak, each from a boot of its own. The newer boot is heard."""
    first, second = Edge(), Edge()
    second.boot_id = b"boottwo!"
    await first.tell(server, minute(NOON_MINUTE))
    await second.tell(server, minute(NOON_MINUTE))
    second.seq = first.seq
    for restart in (False, True):
        if restart:
            server.ingest = Ingest(server.store, server.clock, server.ear)
        entries = first.entries([minute(NOON_MINUTE + first.seq)])
        answer = await first.send(server, first.uplink(entries, after_seq=1))
        assert (answer.answer, answer.acked_seq) == (Answer.CONFLICT, 1 + restart)
        assert (await second.tell(server, minute(NOON_MINUTE + 5 + second.seq))).answer is Answer.OK
    assert (await kinds(server)).count("link.conflict") == 1


async def test_commands_come_down_with_the_time_and_only_with_an_ok(server: Server) -> None:
    command = Command(1, "anna", "ping", 0, 2**31)
    asked: list[tuple[str, int | None]] = []

    class Box:
        async def waiting(self, site: str, head: Head, seen: int | None) -> list[Command]:
            asked.append((site, seen))
            return [command]

    server.ingest = Ingest(server.store, server.clock, server.ear, box=Box())
    edge = Edge()
    assert (await edge.send(server, edge.uplink(described=False))).commands == ()
    answer = await edge.send(server, replace(edge.uplink(), commands_seen=7))
    assert (answer.commands, answer.time_ms) == ((command,), int(server.clock.wall_s() * 1000))
    assert asked == [("noto", 7)]


async def test_the_time_is_told_to_an_edge_that_asks_for_it(server: Server) -> None:
    edge = Edge()
    await edge.tell(server, minute(NOON_MINUTE))
    asking = replace(edge.uplink(), time_wanted=True)
    assert (await edge.send(server, asking)).time_ms == int(server.clock.wall_s() * 1000)
    assert (await edge.send(server, edge.uplink())).time_ms is None


async def test_a_server_that_may_not_know_the_time_yet_tells_none(server: Server) -> None:
    edge = Edge()
    await edge.tell(server, minute(NOON_MINUTE))
    asking = replace(edge.uplink(), time_wanted=True)
    clock = VirtualClock(server.clock.wall_s(), monotonic_s=40.0, right=False)
    server.ingest = Ingest(server.store, clock, server.ear)
    assert (await edge.send(server, asking)).time_ms is None
    clock.advance(600)
    assert (await edge.send(server, asking)).time_ms is not None
    clock.step_wall(-clock.wall_s())
    assert (await edge.send(server, asking)).time_ms is None


async def test_copied_keys_are_noted_once_an_hour(server: Server) -> None:
    await Edge().tell(server, minute(NOON_MINUTE))
    for _ in range(3):
        await server.ingest.keys_copied("noto")
    assert (await kinds(server)).count("link.conflict") == 1
