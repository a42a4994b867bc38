"""Faults planted into the programs, each breaking one promise, to see whether the lab finds it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stallaini.edge import journal as journal_module
from stallaini.edge.commands import Commands
from stallaini.edge.inbox import Inbox
from stallaini.edge.journal import Journal
from stallaini.edge.uplink import Delivery
from stallaini.link.commands import DONE, Ending
from stallaini.link.commands import Outcome as CommandOutcome
from stallaini.link.messages import Command, Minute
from stallaini.link.oscore import ContextStore
from stallaini.server.store import sealed
from stallaini.server.store.base import Accepted, Outcome
from stallaini.server.store.ingesting import ingest
from stallaini.server.store.known import KnownMinutes
from stallaini.server.store.sqlite import SqliteStore


def edge_forgets_when_it_sends(patch: pytest.MonkeyPatch) -> None:
    failed = Delivery.failed

    def forgetting(self: Delivery) -> None:
        flight = self._flight
        if flight is not None:
            flight.journal.forget(flight.journal.sent_seq)
        failed(self)

    patch.setattr(Delivery, "failed", forgetting)


def server_acknowledges_before_it_commits(patch: pytest.MonkeyPatch) -> None:
    commit = SqliteStore.ingest

    class Undone(Exception):
        pass

    async def hasty(self: SqliteStore, batch: Sequence[Accepted]) -> list[Outcome]:
        def try_out(connection: Any) -> None:
            raise Undone([ingest(connection, accepted, self._descriptions) for accepted in batch])

        outcomes: list[Outcome] = []
        try:
            await self._database.write(try_out)
        except Undone as undone:
            outcomes = undone.args[0]
        loop = asyncio.get_running_loop()
        loop.call_later(5.0, lambda: loop.create_task(commit(self, batch)))
        return outcomes

    patch.setattr(SqliteStore, "ingest", hasty)


def server_stores_what_it_has_again(patch: pytest.MonkeyPatch) -> None:
    insert = KnownMinutes.insert

    def doubling(self: KnownMinutes, minute: Minute, description_hash: bytes) -> bool:
        new = insert(self, minute, description_hash)
        return new or insert(self, replace(minute, minute=minute.minute + 3000), description_hash)

    patch.setattr(KnownMinutes, "insert", doubling)


def edge_does_not_go_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "rewind", lambda self, server_seq: None)


def edge_gives_sequence_numbers_again(patch: pytest.MonkeyPatch) -> None:
    begin = ContextStore._begin_run

    def forgetful(self: ContextStore) -> None:
        begin(self)
        self._db.execute("UPDATE context SET run_seq = 0")

    patch.setattr(ContextStore, "_begin_run", forgetful)


def sealing_loses_late_minutes(patch: pytest.MonkeyPatch) -> None:
    merged = sealed._merged

    def first_only(first: sealed.DayColumn | None, second: sealed.DayColumn) -> sealed.DayColumn:
        return merged(None, second) if first is None else first

    patch.setattr(sealed, "_merged", first_only)


def edge_commits_by_halves(patch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def nothing(self: Journal) -> Iterator[None]:
        yield

    patch.setattr(Journal, "_commit", nothing)


def edge_trusts_an_old_journal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Delivery, "_trusts", lambda self, journal: True)
    patch.setattr(journal_module, "skipped_seqs", lambda: 0)


def edge_brings_nothing_back_to_its_card(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "waiting", lambda self: [])


def edge_acts_before_it_writes_that_down(patch: pytest.MonkeyPatch) -> None:
    def only_in_memory(self: Inbox, id_: int) -> None:
        self._rows[id_] = replace(self._rows[id_], acting=True)

    patch.setattr(Inbox, "act", only_in_memory)


def edge_acts_however_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Commands, "_is_late", lambda _self, _command: False)


def edge_says_done_of_what_it_did_not_do(patch: pytest.MonkeyPatch) -> None:
    end = Commands._end

    def boasting(self: Commands, command: Command, outcome: CommandOutcome) -> None:
        end(self, command, DONE if outcome.ending is Ending.EXPIRED else outcome)

    patch.setattr(Commands, "_end", boasting)
