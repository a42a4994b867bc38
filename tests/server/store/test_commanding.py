"""Commands in the store: to whom they are handed, how often, and whose word about their end counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from stallaini.link.commands import DONE, Ending, Outcome, refused, report
from stallaini.link.downlink import COMMAND_BYTES, fitting_commands
from stallaini.link.messages import Event, Head, Scalar
from stallaini.server.store.base import CommandRow, NewCommand, TooManyCommands
from stallaini.server.store.commanding import (
    MOST_OPEN,
    add_command,
    hand_out,
    read_commands,
    sites_to_send_to,
    take_report,
)
from stallaini.server.store.schema import add_commands

NOW_S = 1_794_830_400
EDGE = Head(b"journal1", b"boot0001", b"describe")
REBOOTED = EDGE._replace(boot_id=b"boot0002")
NEW_CARD = EDGE._replace(journal_id=b"journal2")


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    add_commands(connection)
    yield connection
    connection.close()


def make(store: sqlite3.Connection, now_s: float = NOW_S, site: str = "noto", **data: Scalar) -> int:
    new = NewCommand("anna", "switch", int(now_s), int(now_s) + 600, dict(data))
    return add_command(store, site, new, now_s).command.id


def handed(
    store: sqlite3.Connection, head: Head = EDGE, seen_id: int | None = None, now_s: int = NOW_S
) -> list[int]:
    return [command.id for command in hand_out(store, "noto", head, seen_id, now_s)]


def row(store: sqlite3.Connection, id_: int) -> CommandRow:
    (found,) = read_commands(store, "noto", 1, id_)
    return found


def tell(store: sqlite3.Connection, id_: int, outcome: Outcome, at_s: int = NOW_S + 5) -> None:
    event = Event(at_s, *report(row(store, id_).command, outcome))
    take_report(store, "noto", event, NOW_S + 9)


def test_ids_are_unix_milliseconds_and_never_repeat(store: sqlite3.Connection) -> None:
    first = make(store, NOW_S + 0.123)
    assert first == NOW_S * 1000 + 123
    assert [make(store, NOW_S + 0.123), make(store, NOW_S - 3600)] == [first + 1, first + 2]
    assert make(store, NOW_S - 3600, site="cabin") == (NOW_S - 3600) * 1000
    handed(store, seen_id=first + 50)
    assert make(store, NOW_S) == first + 51, "an id that a backup forgot, but the edge did not"


def test_a_command_is_sent_until_it_is_confirmed(store: sqlite3.Connection) -> None:
    first, second = make(store), make(store)
    assert row(store, first).state == "waiting"
    assert handed(store) == [first, second]
    assert handed(store, now_s=NOW_S + 60) == [first, second]
    assert (row(store, first).state, row(store, first).sent_s) == ("sent", NOW_S)
    assert handed(store, seen_id=first) == [second]
    assert handed(store, seen_id=second, now_s=NOW_S + 70) == []
    assert (row(store, second).state, row(store, second).received_s) == ("received", NOW_S + 70)


@pytest.mark.parametrize("other", [REBOOTED, NEW_CARD])
def test_it_goes_to_no_other_journal_or_boot_than_the_first(store: sqlite3.Connection, other: Head) -> None:
    sent, kept = make(store), make(store, NOW_S + 1)
    handed(store)
    handed(store, seen_id=sent)
    waiting = make(store, NOW_S + 2)
    assert handed(store, other) == [waiting]
    assert [row(store, id_).state for id_ in (sent, kept)] == ["received", "unknown"]
    assert "not repeated" in str(row(store, kept).reason)
    assert handed(store, EDGE) == []


def test_a_command_that_waited_too_long_is_never_sent(store: sqlite3.Connection) -> None:
    late = make(store)
    assert handed(store, now_s=NOW_S + 601) == []
    assert row(store, late).state == "expired"
    assert handed(store, now_s=NOW_S) == [], "even if the server's clock goes back"


def test_a_sent_one_is_not_sent_again_after_its_time(store: sqlite3.Connection) -> None:
    late = make(store)
    handed(store)
    assert handed(store, now_s=NOW_S + 601) == []
    assert row(store, late).state == "sent"


def test_what_does_not_fit_waits_for_the_next_answer(store: sqlite3.Connection) -> None:
    ids = [make(store, NOW_S, text="x" * 150, number=n) for n in range(9)]
    first = handed(store)
    assert 0 < len(first) < 9
    assert [row(store, id_).state for id_ in ids] == ["sent"] * len(first) + ["waiting"] * (9 - len(first))
    commands = [row(store, id_).command for id_ in ids]
    assert len(fitting_commands(commands, COMMAND_BYTES)) == len(first)
    assert handed(store, seen_id=first[-1])[0] == ids[len(first)]


def test_the_edges_word_ends_it_once_and_for_all(store: sqlite3.Connection) -> None:
    id_ = make(store)
    handed(store)
    tell(store, id_, DONE)
    assert row(store, id_)[1:] == ("done", None, NOW_S, NOW_S, NOW_S + 9, NOW_S + 5)
    for outcome in (refused("no"), Outcome(Ending.UNKNOWN, "killed"), DONE):
        tell(store, id_, outcome, NOW_S + 60)
    assert row(store, id_)[1:] == ("done", None, NOW_S, NOW_S, NOW_S + 9, NOW_S + 5)
    assert handed(store) == []


def test_what_was_done_was_done_whatever_was_told_before(store: sqlite3.Connection) -> None:
    id_ = make(store)
    handed(store)
    tell(store, id_, refused("the card is full"))
    tell(store, id_, Outcome(Ending.EXPIRED, "too late"))
    assert row(store, id_).state == "refused"
    tell(store, id_, DONE)
    assert (row(store, id_).state, row(store, id_).reason) == ("done", None)


def test_a_late_word_wins_over_the_servers_guess(store: sqlite3.Connection) -> None:
    sent = make(store)
    handed(store)
    handed(store, REBOOTED)
    assert row(store, sent).state == "unknown"
    tell(store, sent, Outcome(Ending.UNKNOWN, "killed"))
    assert row(store, sent).reason == "killed"
    tell(store, sent, DONE)
    assert row(store, sent).state == "done"


def test_words_about_nothing_known_change_nothing(store: sqlite3.Connection) -> None:
    id_ = make(store)
    take_report(store, "noto", Event(NOW_S, "command.done", {"id": 5}), NOW_S)
    take_report(store, "cabin", Event(NOW_S, "command.done", {"id": id_}), NOW_S)
    take_report(store, "noto", Event(NOW_S, "command.dreamt", {"id": id_}), NOW_S)
    assert row(store, id_).state == "waiting"


def test_a_restored_server_believes_the_edge(store: sqlite3.Connection) -> None:
    id_ = make(store)
    backup = sqlite3.connect(":memory:", isolation_level=None)
    store.backup(backup)
    handed(store)
    handed(store, seen_id=id_)
    assert [command.id for command in hand_out(backup, "noto", EDGE, id_, NOW_S)] == []
    assert row(backup, id_).state == "received"
    backup.close()


def test_only_sites_with_something_to_send_are_worth_a_look(store: sqlite3.Connection) -> None:
    noto = make(store)
    make(store, site="cabin")
    assert sorted(sites_to_send_to(store)) == ["cabin", "noto"]
    handed(store)
    assert sorted(sites_to_send_to(store)) == ["cabin", "noto"]
    handed(store, seen_id=noto)
    assert sites_to_send_to(store) == ["cabin"]


def test_a_site_has_so_many_open_commands_and_no_more(store: sqlite3.Connection) -> None:
    for _ in range(MOST_OPEN):
        last = make(store)
    with pytest.raises(TooManyCommands):
        make(store)
    tell(store, last, DONE)
    make(store)
    make(store, NOW_S + 700)


def test_the_newest_come_first(store: sqlite3.Connection) -> None:
    ids = [make(store) for _ in range(5)]
    assert [one.command.id for one in read_commands(store, "noto", 3)] == ids[:1:-1]
