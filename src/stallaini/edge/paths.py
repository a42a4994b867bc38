"""Which path an exchange takes: UDP, or HTTPS while UDP does not get through."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Literal

from stallaini.clock import Clock
from stallaini.edge.exchange import Exchange, LinkDown, Refused
from stallaini.link.messages import Scalar

logger = logging.getLogger(__name__)

Path = Literal["udp", "https"]
CHANGED = "link.path"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 300.0, 6 * 3600.0
_TRIAL_S = 15.0  # three sendings at the default time-out


class PathChooser:
    """The path in use, and which one the next exchange tries first. No I/O; the time is handed in.

    UDP is in use until it fails while HTTPS answers. Then HTTPS is, and UDP is tried back after 5 min,
    and after twice as long whenever that fails while HTTPS answers, up to 6 h. A UDP that was tried back
    and soon lost again is treated as if it had failed the trial. An exchange that fails on both paths
    tells nothing about either, nor does the next one that is answered: the outage may have ended in it.
    """

    def __init__(self) -> None:
        self.path: Path = "udp"
        self._outage = False
        self._pause_s = FIRST_PAUSE_S
        self._trial_due_s = 0.0
        self._back_since_s = -math.inf

    def first(self, now_s: float) -> Path:
        """The path to try first."""
        return "udp" if self.path == "udp" or now_s >= self._trial_due_s else "https"

    def ended(self, first: Path, answered: Path | None, now_s: float) -> None:
        """Take how an exchange ended: the path it tried first, and the one it was answered on, if any."""
        outage, self._outage = self._outage, answered is None
        if answered == "udp":
            if self.path == "https":
                self.path, self._back_since_s = "udp", now_s
        elif first == "udp" and self.path == "https":
            self._postpone(now_s, longer=answered == "https" and not outage)
        elif first == "udp" and answered == "https" and not outage:
            self.path = "https"
            held = now_s - self._back_since_s >= self._pause_s
            self._pause_s = FIRST_PAUSE_S if held else self._pause_s
            self._postpone(now_s, longer=not held)

    def _postpone(self, now_s: float, *, longer: bool) -> None:
        if longer:
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._trial_due_s = now_s + self._pause_s


class PathExchange:
    """An exchange over whichever path gets through; an exchange that fails on one is tried on the other.

    A change of path is an event, `link.path` {path}. A refusal on the path in use is the server's word,
    which it would say on the other one as well; on the other path it counts as no answer.
    """

    def __init__(self, udp: Exchange, https: Exchange, clock: Clock) -> None:
        self._exchanges: dict[Path, Exchange] = {"udp": udp, "https": https}
        self._clock = clock
        self._chooser = PathChooser()
        self._on_event: Callable[[str, dict[str, Scalar]], None] = _log

    def report_to(self, on_event: Callable[[str, dict[str, Scalar]], None]) -> None:
        """Tell changes of path to `on_event`."""
        self._on_event = on_event

    async def __call__(self, payload: bytes) -> bytes:
        """The server's answer to `payload`; raises LinkDown when neither path brings one."""
        first = self._chooser.first(self._clock.monotonic_s())
        failures = []
        for path in (first, _other(first)):
            try:
                answer = await self._over(path, payload)
            except LinkDown as failure:
                if isinstance(failure, Refused) and path == self._chooser.path:
                    self._ended(first, path)
                    raise
                failures.append(str(failure))
            else:
                self._ended(first, path)
                return answer
        self._ended(first, None)
        raise LinkDown("; ".join(failures))

    async def _over(self, path: Path, payload: bytes) -> bytes:
        trial = path == "udp" and self._chooser.path == "https"
        try:
            async with asyncio.timeout(_TRIAL_S if trial else None):
                return await self._exchanges[path](payload)
        except TimeoutError as error:
            raise LinkDown(f"UDP was tried back for {_TRIAL_S:.0f} s: no answer") from error

    def _ended(self, first: Path, answered: Path | None) -> None:
        before = self._chooser.path
        self._chooser.ended(first, answered, self._clock.monotonic_s())
        if self._chooser.path != before:
            self._on_event(CHANGED, {"path": self._chooser.path})


def _other(path: Path) -> Path:
    return "https" if path == "udp" else "udp"


def _log(kind: str, data: dict[str, Scalar]) -> None:
    logger.info("%s %s", kind, data)
