"""What both ends know of commands: how their end is told, and the kinds known everywhere. Pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stallaini.link.messages import Command, Event, Scalar
from stallaini.link.varint import HIGHEST

PING, LIVE, LINK_MODE = "ping", "live", "link.mode"
LINK_MODES = ("auto", "minute", "economy")
MOST_LIVE_MINUTES = 60
_PREFIX = "command."


class Ending(enum.StrEnum):
    """How a command ended.

    DONE: acted on. REFUSED: not acted on, for a reason. EXPIRED: not acted on before its not-after.
    UNKNOWN: it may have been acted on, nobody can tell any more; it is not repeated.
    """

    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """A command's end and, unless it is simply done, the reason."""

    ending: Ending
    reason: str | None = None


DONE = Outcome(Ending.DONE)


def refused(reason: str) -> Outcome:
    """Not acted on, because of `reason`."""
    return Outcome(Ending.REFUSED, reason)


def report(command: Command, outcome: Outcome) -> tuple[str, dict[str, Scalar]]:
    """Kind and data of the event that tells how a command ended."""
    data: dict[str, Scalar] = {"id": command.id, "kind": command.kind}
    if outcome.reason is not None:
        data["reason"] = outcome.reason
    return _PREFIX + outcome.ending, data


def reported(event: Event) -> tuple[int, Outcome] | None:
    """The command id and the outcome that an event tells of; None for every other event."""
    id_, reason = event.data.get("id"), event.data.get("reason")
    try:
        ending = Ending(event.kind.removeprefix(_PREFIX))
    except ValueError:
        return None
    if not event.kind.startswith(_PREFIX) or not isinstance(id_, int) or not 0 <= id_ <= HIGHEST:
        return None
    return id_, Outcome(ending, None if reason is None else str(reason))


def fault_in(kind: str, data: Mapping[str, Scalar]) -> str | None:
    """What is wrong with the data of a command; None when nothing is, or when the kind is not known here."""
    check = _CHECKS.get(kind)
    return None if check is None else check(data)


def _ping_fault(data: Mapping[str, Scalar]) -> str | None:
    return f"{PING} takes no data" if data else None


def _live_fault(data: Mapping[str, Scalar]) -> str | None:
    minutes = data.get("minutes")
    whole = isinstance(minutes, int) and not isinstance(minutes, bool)
    if set(data) != {"minutes"} or not whole or not 0 <= int(minutes or 0) <= MOST_LIVE_MINUTES:
        return f"{LIVE} takes minutes, a whole number from 0 (stop) to {MOST_LIVE_MINUTES}"
    return None


def _link_mode_fault(data: Mapping[str, Scalar]) -> str | None:
    until_s = data.get("until_s")
    if set(data) - {"mode", "until_s"} or data.get("mode") not in LINK_MODES:
        return f"{LINK_MODE} takes mode, one of {', '.join(LINK_MODES)}, and, if you like, until_s"
    if until_s is not None and (not isinstance(until_s, int) or isinstance(until_s, bool)):
        return "until_s is a whole number, Unix seconds"
    return None


_CHECKS: dict[str, Callable[[Mapping[str, Scalar]], str | None]] = {
    PING: _ping_fault,
    LIVE: _live_fault,
    LINK_MODE: _link_mode_fault,
}
