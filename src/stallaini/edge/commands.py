"""The life of a command on the site: kept, awaited, acted on at most once, its end told."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence

from stallaini.clock import Clock
from stallaini.edge.command_kinds import Handler
from stallaini.edge.command_time import CommandTime
from stallaini.edge.inbox import Inbox, Kept
from stallaini.edge.waiting import came
from stallaini.link.commands import Ending, Outcome, refused, report
from stallaini.link.messages import Command, Downlink, Scalar

logger = logging.getLogger(__name__)

SET_ASIDE = "commands.set_aside"
_CLOCKLESS_S, _LONGEST_WAIT_S = 30.0, 60.0
_UNKEPT = "the site cannot write down commands, so it acts on none: {}"
_KILLED = Outcome(Ending.UNKNOWN, "the program ended while it was acted on; not repeated")
_REBOOTED = Outcome(Ending.UNKNOWN, "the site restarted before it was surely done; not repeated")


class Commands:
    """Takes commands out of downlinks and acts on each at most once, within its time, by its kind's handler.

    `tell` journals an event. `known_s` is the site's own time, None while it is not known: until the server
    tells its time, nothing is acted on then. Drivable by hand: `heard`, then `await act_due()`; the running
    program awaits `run()`.
    """

    def __init__(
        self,
        inbox: Inbox,
        handlers: Sequence[Handler],
        clock: Clock,
        boot_id: bytes,
        tell: Callable[[str, dict[str, Scalar]], None],
        known_s: Callable[[], float | None],
    ) -> None:
        self._inbox = inbox
        self._handlers = {handler.kind: handler for handler in handlers}
        self._clock = clock
        self._boot_id = boot_id
        self._tell = tell
        self._time = CommandTime(clock, known_s)
        self._answered: set[int] = set()
        self._told: set[int] = set()
        self._unwritten: dict[int, Outcome] = {}
        self._turn = asyncio.Lock()
        self._woken = asyncio.Event()

    @property
    def seen_id(self) -> int | None:
        """The highest id that needs no sending again: it is kept here, or its refusal is in the journal."""
        return max(
            (id_ for id_ in (self._inbox.highest_id, *self._answered) if id_ is not None), default=None
        )

    def started(self) -> None:
        """Journal what the start found."""
        if self._inbox.set_aside is not None:
            self._tell(SET_ASIDE, {"file": self._inbox.set_aside})

    def heard(self, downlink: Downlink, round_trip_s: float) -> None:
        """Take the commands of an answer that came `round_trip_s` after its question; durable on return."""
        if downlink.time_ms is not None:
            self._time.heard(downlink.time_ms, round_trip_s)
        if downlink.commands:
            by_id = {command.id: command for command in downlink.commands}
            self._receive([by_id[id_] for id_ in sorted(by_id)])
        if downlink.commands or downlink.time_ms is not None:
            self._woken.set()

    async def run(self) -> None:
        """Act on commands when they are due, until cancelled."""
        while True:
            self._woken.clear()
            await self.act_due()
            await came(self._woken, self._clock, self._next_due_in_s())

    async def act_due(self) -> None:
        """Act on what is due now, settle what an earlier run left, and tell every end that was not told."""
        async with self._turn:
            self._write_late()
            self._tell_untold()
            for kept in self._inbox.open():
                if kept.command.id not in self._unwritten:
                    await self._go_on(kept)

    # -- receiving

    def _receive(self, commands: Sequence[Command]) -> None:
        if not self._inbox.usable():
            for command in commands:
                self._refuse(command, _UNKEPT.format("its file cannot be opened"))
            return
        fresh = []
        for command in commands:
            kept = self._inbox.get(command.id)
            if kept is not None:
                self._again(kept, command)
            elif command.id <= (self._inbox.highest_id or 0):
                self._refuse(command, "a command made later was here before it; send it again as a new one")
            else:
                fresh.append(command)
        if fresh:
            self._keep([self._kept(command) for command in fresh])

    def _keep(self, fresh: Sequence[Kept]) -> None:
        try:
            self._inbox.keep(fresh)
        except sqlite3.Error as error:
            for kept in fresh:
                self._refuse(kept.command, _UNKEPT.format(error))
            return
        for kept in fresh:
            logger.info("command %d from %s: %s", kept.command.id, kept.command.issuer, kept.command.kind)

    def _kept(self, command: Command) -> Kept:
        fault, now = self._fault(command), self._time.now()
        at_once = now is not None and command.not_before_s <= now.latest_s
        outcome = None if fault is None else refused(fault)
        return Kept(command, self._boot_id, at_once, outcome=outcome)

    def _again(self, kept: Kept, command: Command) -> None:
        """A server put back to an earlier state sends what it sent before: tell it the end again, once."""
        if kept.command != command:
            self._refuse(
                command, "its number was used before, for another command; send it again as a new one"
            )
        elif kept.outcome is not None and kept.told and command.id not in self._answered:
            self._answered.add(command.id)
            self._tell(*report(command, kept.outcome))

    def _refuse(self, command: Command, reason: str) -> None:
        """Refuse a command that is not kept, once while this program runs."""
        if command.id not in self._answered:
            self._answered.add(command.id)
            self._tell(*report(command, refused(reason)))

    # -- acting

    async def _go_on(self, kept: Kept) -> None:
        """Bring an open command as far as it can come now."""
        if kept.acting:
            self._end(kept.command, await self._verified(kept.command) or _KILLED)
        elif kept.at_once and kept.boot_id != self._boot_id:
            # Cards lose writes they called durable: the mark that it was acted on may be among them.
            self._end(kept.command, _REBOOTED)
        else:
            await self._take_turn(kept.command)

    async def _take_turn(self, command: Command) -> None:
        """Act on a command if its time has come; end it if its time is over or it cannot be acted on."""
        now, fault = self._time.now(), self._fault(command)
        if now is None or now.earliest_s < command.not_before_s:
            return
        if self._is_late(command):
            self._end(command, Outcome(Ending.EXPIRED, "its time was over before it could be acted on"))
        elif fault is not None:
            self._end(command, refused(fault))
        else:
            await self._act(command)

    async def _act(self, command: Command) -> None:
        try:
            self._inbox.act(command.id)
        except sqlite3.Error as error:
            self._end(command, refused(_UNKEPT.format(error)))
            return
        if self._is_late(command):
            self._end(command, Outcome(Ending.EXPIRED, "its time was over before it was written down"))
            return
        try:
            outcome = await self._handlers[command.kind].act(command)
        except Exception as error:
            logger.exception("command %d (%s) failed", command.id, command.kind)
            reason = f"it failed while it was acted on ({error!r}); not repeated"
            outcome = await self._verified(command) or Outcome(Ending.UNKNOWN, reason)
        self._end(command, outcome)

    async def _verified(self, command: Command) -> Outcome | None:
        handler = self._handlers.get(command.kind)
        try:
            return None if handler is None else await handler.verify(command)
        except Exception:
            logger.exception("command %d (%s) cannot be verified", command.id, command.kind)
            return None

    def _fault(self, command: Command) -> str | None:
        handler = self._handlers.get(command.kind)
        if handler is None:
            return f"this site knows no {command.kind!r}; it knows {', '.join(sorted(self._handlers))}"
        return handler.check(command.data)

    def _is_late(self, command: Command) -> bool:
        now = self._time.now()
        return now is None or now.latest_s > command.not_after_s

    # -- ending

    def _end(self, command: Command, outcome: Outcome) -> None:
        """Write down a command's end, then tell it. Where it cannot be written, tell it all the same."""
        logger.info("command %d: %s %s", command.id, outcome.ending, outcome.reason or "")
        try:
            self._inbox.end(command.id, outcome)
        except sqlite3.Error as error:
            logger.error("the end of command %d cannot be written: %s", command.id, error)
            self._unwritten[command.id] = outcome
        self._tell_end(command, outcome)

    def _tell_untold(self) -> None:
        for kept in self._inbox.untold():
            if kept.outcome is not None and kept.command.id not in self._told:
                self._tell_end(kept.command, kept.outcome)

    def _tell_end(self, command: Command, outcome: Outcome) -> None:
        self._tell(*report(command, outcome))
        self._told.add(command.id)
        if command.id not in self._unwritten:
            self._mark_told(command.id)

    def _mark_told(self, id_: int) -> None:
        try:
            self._inbox.tell(id_)
        except sqlite3.Error as error:
            logger.error("that the end of command %d was told cannot be written: %s", id_, error)

    def _write_late(self) -> None:
        """Write the ends that could not be written when they came."""
        for id_, outcome in list(self._unwritten.items()):
            try:
                self._inbox.end(id_, outcome)
            except sqlite3.Error:
                return
            del self._unwritten[id_]
            self._mark_told(id_)

    def _next_due_in_s(self) -> float | None:
        """For how long nothing needs to be looked at; None: until something is heard."""
        waiting = [kept.command for kept in self._inbox.open() if kept.command.id not in self._unwritten]
        if not waiting:
            return _LONGEST_WAIT_S if self._unwritten else None
        now = self._time.now()
        if now is None:
            return _CLOCKLESS_S
        first_s = min(command.not_before_s for command in waiting)
        return min(max(first_s - now.earliest_s, 0.0), _LONGEST_WAIT_S)
