"""Whether a gateway and its devices still answer: told once when they stop, once when they resume. Pure."""

from __future__ import annotations

from collections.abc import Callable

from stallaini.devices.can_bus.frame import EventData

LOST, HEARD = "studer.lost", "studer.heard"
LOST_AFTER_S = 45.0
"""Longer than a gateway is busy each night and than three answers in a row that did not come."""


class Watch:
    """One that should answer; `on_event` gets LOST and HEARD, strictly in turn."""

    def __init__(self, device: str, now_s: float, on_event: Callable[[str, EventData], None]) -> None:
        self.is_lost = False
        self.answered_s: float | None = None
        """When it last answered; None before its first answer."""
        self._device = device
        self._since_s = now_s
        self._on_event = on_event

    def answered(self, now_s: float) -> None:
        """It answered."""
        if self.is_lost:
            self.is_lost = False
            self._on_event(HEARD, {"device": self._device, "silent_s": round(now_s - self._since_s)})
        self._since_s = self.answered_s = now_s

    def look(self, now_s: float, reason: str) -> None:
        """Is it time to call it lost? `reason` is what hindered it last."""
        if not self.is_lost and now_s - self._since_s >= LOST_AFTER_S:
            self.is_lost = True
            silent_s = round(now_s - self._since_s)
            self._on_event(LOST, {"device": self._device, "silent_s": silent_s, "reason": reason})

    def excused(self, now_s: float) -> None:
        """It could not be asked: the time until it is called lost begins anew."""
        if not self.is_lost:
            self._since_s = now_s
