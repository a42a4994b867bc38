"""The one table of quantities: decoder, sampler, wire, store, page and documentation all read it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Quantity:
    """A kind of physical value.

    `resolution` is the step of the fixed-point integer used on the wire and in the store; `low` and
    `high` bound a plausible value (inclusive, in `unit`); `sign` says what positive means;
    `aggregates` are the series kept of a channel unless the site file says otherwise; `fitting` are
    all that make sense of it (a mean of a flag does not); a reading older than `stale_after_s` is
    never shown as live.
    """

    name: str
    unit: str
    resolution: float
    low: float
    high: float
    sign: str
    aggregates: tuple[str, ...]
    stale_after_s: float = 5.0
    fitting: tuple[str, ...] = ("mean", "min", "max", "last")

    def to_fixed(self, value: float) -> int:
        """`value` in `unit` as a whole number of resolution steps (nearest)."""
        return round(value / self.resolution)

    def from_fixed(self, steps: int) -> float:
        """The value in `unit` of a whole number of resolution steps."""
        return round(steps * self.resolution, 6)

    def plausible(self, value: float) -> bool:
        """Whether `value` lies in the valid range."""
        return self.low <= value <= self.high


AGGREGATES = ("mean", "min", "max", "last")

_SPAN = ("mean", "min", "max")
_LAST = ("last",)
_UNMEANT = ("min", "max", "last")

_TABLE = (
    Quantity("voltage", "V", 0.01, 0, 1000, "absolute", _SPAN),
    Quantity("cell_voltage", "V", 0.001, 0, 5, "absolute", _LAST),
    Quantity("voltage_limit", "V", 0.1, 0, 1000, "absolute", _LAST),
    Quantity("current", "A", 0.1, -2000, 2000, "positive = charging the battery", _SPAN),
    Quantity("current_limit", "A", 0.1, 0, 2000, "absolute", _LAST),
    Quantity("power", "W", 1, -200_000, 200_000, "positive = charging; producing; consuming", _SPAN),
    Quantity("apparent_power", "VA", 1, 0, 200_000, "absolute", ("mean", "max")),
    Quantity(
        "ac_current", "A", 0.1, -2000, 2000, "positive = from the source; to the loads", ("mean", "max")
    ),
    Quantity("frequency", "Hz", 0.01, 0, 500, "absolute", ("mean",)),
    Quantity("energy", "kWh", 0.1, 0, 1e8, "counts up", _LAST, fitting=_LAST),
    Quantity("day_energy", "kWh", 0.01, 0, 1e5, "counts up from 0 each day", _LAST, fitting=_LAST),
    Quantity("charge", "Ah", 0.1, 0, 1e6, "absolute", _LAST),
    Quantity("soc", "%", 0.01, 0, 100, "absolute", ("min", "max", "last")),
    Quantity("soh", "%", 1, 0, 100, "absolute", _LAST),
    Quantity("temperature", "degC", 0.1, -40, 120, "absolute", ("mean",)),
    Quantity("count", "", 1, 0, 65_535, "absolute", _LAST, fitting=_UNMEANT),
    Quantity("state", "", 1, 0, 65_535, "a number with a meaning, told in words", _LAST, fitting=_LAST),
    Quantity("flag", "", 1, 0, 1, "1 = raised, yes; none = not reported", ("max",), fitting=_UNMEANT),
)

QUANTITIES: MappingProxyType[str, Quantity] = MappingProxyType({q.name: q for q in _TABLE})
