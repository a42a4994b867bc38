"""Commands on the server: taken from people, handed to the site's next answer, shown as they stand now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from stallaini.clock import Clock
from stallaini.link.commands import fault_in
from stallaini.link.downlink import COMMAND_BYTES, fitting_commands
from stallaini.link.messages import Command, Head
from stallaini.server.ingest import EARLIEST_S
from stallaini.server.store.base import CommandRow, NewCommand, Store, StoreUnavailable

logger = logging.getLogger(__name__)

REPORT_WITHIN_S = 600
"""How long after its not-after the word about a command's end may take before it counts as unknown."""

LONGEST_AHEAD_S = 31 * 86_400
_SILENT = "the site did not tell its end"
_NOT_SENT = "the site did not call in time"


class BadCommand(ValueError):
    """A command that cannot be sent as it is; the text says why and what to do."""


class ClockUnset(Exception):
    """The server's own clock is not set yet: no command can have a time."""


class Commands:
    """The commands of all sites. `poke(site)` asks a site to call soon; nothing relies on it."""

    def __init__(self, store: Store, clock: Clock, poke: Callable[[str], object]) -> None:
        self._store = store
        self._clock = clock
        self._poke = poke
        self._to_send: set[str] | None = None

    async def make(self, site: str, new: NewCommand) -> CommandRow:
        """Make a command durable and ask the site to call.

        Raises BadCommand, ClockUnset, and the store's TooManyCommands.
        """
        now_s = self._clock.wall_s()
        if now_s < EARLIEST_S:
            raise ClockUnset
        _check(new, now_s)
        row = await self._store.add_command(site, new, now_s)
        (await self._waiting_sites()).add(site)
        logger.info("command %d for %s by %s: %s", row.command.id, site, new.issuer, new.kind)
        self._poke(site)
        return row

    async def listed(self, site: str, limit: int, before: int | None = None) -> list[CommandRow]:
        """The newest commands of a site, newest first, as they stand now; of those older than `before`."""
        return [self._now(row) for row in await self._store.commands(site, limit, before=before)]

    async def one(self, site: str, id_: int) -> CommandRow | None:
        """One command as it stands now; None for an unknown id."""
        return next((self._now(row) for row in await self._store.commands(site, 1, id_)), None)

    async def waiting(self, site: str, head: Head, seen: int | None) -> Sequence[Command]:
        """What to send in this answer; see `ingest.CommandBox`."""
        sites = await self._waiting_sites()
        now_s = int(self._clock.wall_s())
        if (seen is None and site not in sites) or now_s < EARLIEST_S:
            return ()
        sites.discard(site)  # before the look: whoever makes a command meanwhile puts it back
        try:
            commands = await self._store.hand_out_commands(site, head, seen, now_s)
        except StoreUnavailable as error:
            logger.error("%s; no command is sent to %s now", error, site)
            sites.add(site)
            return ()
        if commands:
            sites.add(site)
        return commands

    async def _waiting_sites(self) -> set[str]:
        """The sites worth a look at each uplink, so that the others cost none."""
        if self._to_send is None:
            found = await self._store.sites_to_command()
            if self._to_send is None:
                self._to_send = set(found)
        return self._to_send

    def _now(self, row: CommandRow) -> CommandRow:
        return as_of(row, self._clock.wall_s())


def as_of(row: CommandRow, now_s: float) -> CommandRow:
    """A command as it stands at `now_s`: one whose time is over has ended, though nobody has told how."""
    over_s = row.command.not_after_s
    if row.state == "waiting" and now_s > over_s:
        return row._replace(state="expired", reason=_NOT_SENT, ended_s=over_s)
    if row.state in ("sent", "received") and now_s > over_s + REPORT_WITHIN_S:
        return row._replace(state="unknown", reason=_SILENT, ended_s=over_s + REPORT_WITHIN_S)
    return row


def _check(new: NewCommand, now_s: float) -> None:
    fault = fault_in(new.kind, new.data)
    if fault is not None:
        raise BadCommand(fault)
    if new.not_after_s <= max(now_s, new.not_before_s):
        raise BadCommand("not_after must lie after now and after not_before")
    if new.not_after_s > now_s + LONGEST_AHEAD_S:
        raise BadCommand(
            f"not_after is more than {LONGEST_AHEAD_S // 86_400} days ahead; choose an earlier time"
        )
    example = Command(2**48, new.issuer, new.kind, new.not_before_s, new.not_after_s, new.data)
    if not fitting_commands([example], COMMAND_BYTES):
        raise BadCommand("the data is too long for one message of the link; send less")
