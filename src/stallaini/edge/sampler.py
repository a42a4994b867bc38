"""Readings to minutes: one value, or none, per series. Pure: no I/O, no clock.

The mean is the plain mean of the minute's samples. Batteries and inverters speak at a fixed cadence
(about 1 Hz), so weighing by time would differ only where frames were lost, and there it would stretch
one old sample over the gap, which is a guess this project does not make.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from stallaini.link.messages import Live, Minute, TimeQuality
from stallaini.site.description import ChannelSpec, Description
from stallaini.site.quantities import QUANTITIES
from stallaini.site.reading import Reading


class _Tally:
    """One channel: the samples of the running minute in steps of its resolution, and the newest value."""

    __slots__ = (
        "count", "given", "high", "last", "low", "newest", "newest_s", "quantity", "resolution",
        "said", "said_steps", "stale_after_s", "total",
    )  # fmt: skip

    def __init__(self, spec: ChannelSpec) -> None:
        self.quantity = QUANTITIES[spec.quantity]
        self.resolution = spec.resolution
        self.stale_after_s = spec.stale_after_s
        self.said: float | bool | None = None
        self.said_steps = 0
        self.newest: int | None = None
        self.newest_s = -math.inf
        self.given: dict[str, int] = {}
        self.clear()

    def clear(self) -> None:
        if self.given:
            self.given = {}
        self.count = self.total = self.low = self.high = self.last = 0

    def add(self, steps: int) -> None:
        if self.count == 0:
            self.low = self.high = steps
        elif steps < self.low:
            self.low = steps
        elif steps > self.high:
            self.high = steps
        self.count += 1
        self.total += steps
        self.last = steps

    def steps(self, value: float | bool) -> int | None:
        """A value in steps; None if its quantity rules it out. Most devices repeat themselves mostly."""
        if value != self.said:
            if not (math.isfinite(value) and self.quantity.plausible(value)):
                return None
            self.said, self.said_steps = value, round(value / self.resolution)
        return self.said_steps

    def value(self, aggregate: str) -> int | None:
        """One aggregate of the minute: the device's own if it gave one, else that of the samples."""
        if aggregate in self.given:
            return self.given[aggregate]
        return _AGGREGATE[aggregate](self) if self.count else None

    @property
    def mean(self) -> int:
        """The nearest step; lies between low and high because it is taken over whole steps."""
        return (2 * self.total + self.count) // (2 * self.count)


_AGGREGATE: dict[str, Callable[[_Tally], int]] = {
    "mean": lambda tally: tally.mean,
    "min": lambda tally: tally.low,
    "max": lambda tally: tally.high,
    "last": lambda tally: tally.last,
}


class Sampler:
    """Collects a site's readings and closes one minute at a time.

    A reading belongs to the running minute unless it is stale: older than its channel's `stale_after_s`
    when set against the newest reading of any channel. A value that is not a number or that its quantity
    rules out is counted in `refused` and kept out of everything.

    A device that aggregates its own minutes sees more than our samples do: a ready-made aggregate that
    arrives in the running minute takes the place of ours there. It is told shortly after the device's
    minute, so it stands under the minute in which it was told.
    """

    def __init__(self, description: Description) -> None:
        self._tallies = {spec.name: _Tally(spec) for spec in description.channels}
        self._series = [(self._tallies[spec.channel], spec.aggregate) for spec in description.series]
        self._newest_s = -math.inf
        self.refused = 0

    def feed(self, reading: Reading) -> None:
        """Take one reading. One of a channel that is not in the description counts as refused."""
        channel, at_s, value, aggregate = reading
        tally = self._tallies.get(channel)
        if tally is None:
            self.refused += 1
            return
        if at_s > self._newest_s:
            self._newest_s = at_s
        if aggregate is not None:
            self._take_aggregate(tally, aggregate, reading)
            return
        if at_s < tally.newest_s:
            return
        if value is None:
            tally.newest, tally.newest_s = None, at_s
            return
        steps = tally.steps(value)
        if steps is None:
            self.refused += 1
            return
        tally.newest, tally.newest_s = steps, at_s
        if self._newest_s - at_s <= tally.stale_after_s:
            tally.add(steps)

    def _take_aggregate(self, tally: _Tally, aggregate: str, reading: Reading) -> None:
        if reading.value is None or self._newest_s - reading.monotonic_s > tally.stale_after_s:
            return
        steps = tally.steps(reading.value)
        if aggregate not in _AGGREGATE or steps is None:
            self.refused += 1
            return
        tally.given[aggregate] = steps

    def close(self, minute: int, quality: TimeQuality = TimeQuality.EXACT) -> Minute:
        """The running minute as number `minute` (whole minutes since 1970), and a fresh one begun."""
        values = tuple(tally.value(aggregate) for tally, aggregate in self._series)
        self.discard()
        return Minute(minute, values, quality=quality)

    def discard(self) -> None:
        """Begin the running minute anew."""
        for tally in self._tallies.values():
            tally.clear()

    def newest(self, channel: str, now_s: float) -> tuple[float | None, float, bool]:
        """A channel's newest value, when it was heard, and whether that is fresh at monotonic `now_s`.

        The value is None when it is stale or its device does not report it; never heard is -inf. Raises
        KeyError for no channel of the site.
        """
        tally = self._tallies[channel]
        fresh = now_s - tally.newest_s <= tally.stale_after_s
        known = fresh and tally.newest is not None
        value = tally.quantity.from_fixed(tally.newest or 0) if known else None
        return value, tally.newest_s, fresh

    def live(self, at_s: int, now_s: float) -> Live:
        """The newest value of every channel with its age at monotonic `now_s`.

        None stands for a channel never heard or one its device does not report.
        """
        return Live(at_s, tuple(_newest(tally, now_s) for tally in self._tallies.values()))


def _newest(tally: _Tally, now_s: float) -> tuple[int, int] | None:
    if tally.newest is None:
        return None
    return tally.newest, max(0, int(now_s - tally.newest_s))
