"""The kinds of command this edge can act on: one handler each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from stallaini.link.commands import DONE, LINK_MODE, LIVE, PING, Outcome, fault_in
from stallaini.link.messages import Command, Scalar


class Handler(ABC):
    """Acts on the commands of one kind."""

    kind: ClassVar[str]

    def check(self, data: Mapping[str, Scalar]) -> str | None:
        """What is wrong with a command's data; None: it can be acted on."""
        return fault_in(self.kind, data)

    @abstractmethod
    async def act(self, command: Command, /) -> Outcome:
        """Do it; the outcome is DONE, or refused where it turns out that nothing was done.

        Called at most once for a command. What it raises ends it as unknown, unless `verify` can tell.
        """

    async def verify(self, _command: Command, /) -> Outcome | None:
        """How a command ended that was being acted on when the program was killed; None: nobody can tell."""
        return None


class Ping(Handler):
    """Does nothing: to try the way down and back."""

    kind = PING

    async def act(self, _command: Command, /) -> Outcome:
        """Done."""
        return DONE


class LiveValues(Handler):
    """Sends live values for some minutes, whoever watches; `live_for` takes seconds, 0 stops."""

    kind = LIVE

    def __init__(self, live_for: Callable[[float], None]) -> None:
        self._live_for = live_for

    async def act(self, command: Command, /) -> Outcome:
        """From now on."""
        self._live_for(60.0 * int(command.data["minutes"] or 0))
        return DONE


class LinkMode(Handler):
    """How the link spends the month's plan; `set_mode` takes the mode, and Unix seconds or None: for good."""

    kind = LINK_MODE

    def __init__(self, set_mode: Callable[[str, int | None], None]) -> None:
        self._set_mode = set_mode

    async def act(self, command: Command, /) -> Outcome:
        """From now on."""
        until_s = command.data.get("until_s")
        self._set_mode(str(command.data["mode"]), None if until_s is None else int(until_s))
        return DONE
