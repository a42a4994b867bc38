"""What the edge measures of itself for its alarms: its time, its data plan, its journal and its disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.timekeeper import Timekeeper
from stallaini.site.alarms import CLOCK, DISK, JOURNAL, PLAN

_EVERY_S = 60.0
_LEAST_ELAPSED_S = 86_400.0


class Measures:
    """Measured once a minute; None where there is nothing to measure, such as the disk of what is in RAM."""

    def __init__(self, keeper: JournalKeeper, meter: Meter, clock: Timekeeper) -> None:
        self._meter = meter
        self._clock = clock
        self._unknown_since_s: float | None = None
        self._measured_s = -math.inf
        self._measures: Mapping[str, Callable[[], float | None]] = {
            CLOCK: self._unknown_for_s,
            PLAN: self._plan_forecast_pct,
            JOURNAL: lambda: keeper.fill_pct,
            DISK: lambda: keeper.disk_free_mb,
        }
        self._values: dict[str, float | None] = {}

    def look(self) -> Mapping[str, float | None]:
        """The values by the names that rules have for them."""
        now_s = self._clock.monotonic_s()
        if now_s - self._measured_s >= _EVERY_S:
            self._measured_s = now_s
            self._values = {name: measure() for name, measure in self._measures.items()}
        return self._values

    def _unknown_for_s(self) -> float:
        """For how long this program has not known the time."""
        now_s = self._clock.monotonic_s()
        if self._clock.synchronized():
            self._unknown_since_s = None
        elif self._unknown_since_s is None:
            self._unknown_since_s = now_s
        return 0.0 if self._unknown_since_s is None else now_s - self._unknown_since_s

    def _plan_forecast_pct(self) -> float | None:
        """What the month will have used by its end if only others go on as so far, in % of the plan.

        The edge's own part is left out of what is to come: it adapts to what is left.
        """
        standing = self._meter.standing()
        if not self._clock.synchronized() or standing.elapsed_s < _LEAST_ELAPSED_S:
            return None
        to_come_bytes = self._meter.others_bytes() / standing.elapsed_s * standing.left_s
        return 100 * (standing.used_bytes + to_come_bytes) / standing.plan_bytes
