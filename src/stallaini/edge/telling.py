"""The event that tells people what a day used, and what the plan allows now."""

from __future__ import annotations

from datetime import date

from stallaini.edge.meter import Meter
from stallaini.edge.pacer import Pacer
from stallaini.edge.usage import DayUsage
from stallaini.link.accounting import PURPOSES, USAGE
from stallaini.link.messages import Event, Scalar
from stallaini.site.config import LinkConfig

TELL_EVERY_S = 600.0


class Teller:
    """Tells each finished day once; the running one at most every 10 minutes while somebody watches.

    And when minutes begin to wait for the next month: then what it tells is `urgent`, else nobody would
    learn of it.
    """

    def __init__(self, meter: Meter, pacer: Pacer, link: LinkConfig) -> None:
        self._meter = meter
        self._pacer = pacer
        self._link = link
        self._told_s: float | None = None
        self._today: date | None = None
        self.urgent = False

    def due(self, now_s: float, wall_s: float) -> list[Event]:
        """The events to journal now; what they tell counts as told."""
        today = self._meter.day
        days = [] if today == self._today else self._meter.usage.untold(today)
        self._today = today
        held = self._pacer.holds_minutes
        begins_to_wait = held and not self.urgent
        self.urgent = held
        running = [today] if begins_to_wait or self._running_due(now_s) else []
        if running:
            self._told_s = now_s
        events = [self._event(day, now_s, wall_s) for day in days + running]
        for day in days:
            self._meter.usage.day(day).told = True
        if days:
            self._meter.save()
        return events

    def _running_due(self, now_s: float) -> bool:
        if not self._pacer.watched(now_s) or not self._pacer.allowed.at_once:
            return False
        return self._told_s is None or now_s - self._told_s >= TELL_EVERY_S

    def _event(self, day: date, now_s: float, wall_s: float) -> Event:
        data: dict[str, Scalar] = {"day": day.isoformat()}
        data.update(_figures(self._meter.usage.day(day)))
        data |= {
            "interface": self._meter.interface,
            "plan": self._meter.standing().plan_bytes,
            "billing_day": self._link.billing_day,
            "mode": self._meter.mode,
            "interval_s": round(self._pacer.interval_s(now_s)),
            "live": self._pacer.allowed.live,
            "live_price": round(self._pacer.live_bytes_per_min),
        }
        return Event(int(wall_s), USAGE, data)


def _figures(usage: DayUsage) -> dict[str, int]:
    """Bytes by purpose, up and down, and not sent; what is 0 is left out."""
    figures: dict[str, int] = {purpose: usage.of(purpose) for purpose in PURPOSES}
    figures |= {
        "up": sum(usage.up.values()),
        "down": sum(usage.down.values()),
        "batching_saved": usage.batching_saved,
        "live_saved": usage.live_saved,
    }
    return {name: size for name, size in figures.items() if size}
