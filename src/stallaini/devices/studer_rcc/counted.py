"""What a day's minutes add up to, beside what the devices counted themselves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stallaini.devices.studer_rcc.datalog import Datalog
from stallaini.devices.studer_rcc.logged import LoggedSeries

DAY_MINUTES = 1440
_LEAST = {"kWh": 0.5, "Ah": 5.0}
"""A counter below this is told without a percentage: the log's steps of 0.01 kW alone are 0.24 kWh a day."""


@dataclass(frozen=True)
class CountedSum:
    """One sum of a day: by the devices' counter and by the minutes, in `unit`.

    `error_pct` is how much more the minutes give; None where the counter is too small to say.
    """

    what: str
    unit: str
    counted: float
    summed: float
    error_pct: float | None


def counted_sums(log: Datalog, series: Sequence[LoggedSeries]) -> list[CountedSum]:
    """Every sum that both have; none for a file that is not one whole day of the logger's clock."""
    minutes = [row.local_minute for row in log.rows]
    whole = minutes[0] % DAY_MINUTES == 0 and minutes == list(range(minutes[0], minutes[0] + DAY_MINUTES))
    if not whole:
        return []
    found = [_sum(log, series, *rule) for rule in _RULES]
    return [each for each in (*found, _battery_charge(log, series)) if each is not None]


# What, the counters that together count it in kWh, and the infos whose minutes in W are summed.
_RULES = (
    ("consumers", (3083,), (3101,)),
    ("AC input", (3081,), (3119,)),
    ("solar", (11007, 15017), (11043, 15061)),
)


def _sum(
    log: Datalog, series: Sequence[LoggedSeries], what: str, counters: Sequence[int], infos: Sequence[int]
) -> CountedSum | None:
    counts = [value for value in (log.counters.get(counter) for counter in counters) if value is not None]
    parts = [each for each in series if each.info.info in infos]
    if not counts or not parts:
        return None
    return _compared(what, "kWh", sum(counts), sum(map(_unit_hours, parts)) / 1000, sum(counts))


def _battery_charge(log: Datalog, series: Sequence[LoggedSeries]) -> CountedSum | None:
    """Net charge, told against the larger way: a battery at rest swings within the minute.

    The sensor counts each swing both ways, the minute's mean shows none of it; the difference agrees.
    """
    charged, discharged = log.counters.get(7007), log.counters.get(7008)
    current = next((each for each in series if each.info.info == 7031), None)
    if charged is None or discharged is None or current is None:
        return None
    larger = max(charged, discharged)
    return _compared("battery, net", "Ah", charged - discharged, _unit_hours(current), larger)


def _unit_hours(series: LoggedSeries) -> float:
    return sum(value for value in series.values if value is not None) * series.quantity.resolution / 60


def _compared(what: str, unit: str, counted: float, summed: float, against: float) -> CountedSum:
    error_pct = None if against < _LEAST[unit] else round((summed - counted) / against * 100, 3)
    return CountedSum(what, unit, round(counted, 3), round(summed, 3), error_pct)
