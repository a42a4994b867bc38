"""What the columns of a Studer log are, as series: the same for a datalog and for a minute CSV made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from stallaini.link.model import SeriesKind


class Column(NamedTuple):
    """One logged value: its column in a minute CSV, its info number, and how it is kept as a series.

    `step` is the resolution in the unit as logged, `unit` how many of the quantity's units (W, V, A) that
    is: kW are kept in steps of 10 W.
    """

    name: str
    info: int
    quantity: str
    aggregate: str
    step: float
    unit: float = 1.0

    @property
    def kind(self) -> SeriesKind:
        """The series as the codec sees it."""
        channel = self.name.replace("_", ".", 1).replace("_min", "").replace("_max", "")
        resolution = self.step * self.unit
        return SeriesKind(f"{self.name}.{self.aggregate}", self.quantity, self.aggregate, resolution, channel)

    def fixed(self, value: float) -> int:
        """`value` in the log's unit as whole steps."""
        return round(value / self.step)


class Derived(NamedTuple):
    """What a battery's CAN bus tells and a Studer log lacks, made from what the log has by a plain rule."""

    kind: SeriesKind
    value: Callable[[Mapping[str, float | None]], int]


COLUMNS = (
    Column("bsp_ubat_v", 7030, "voltage", "mean", 0.01),
    Column("bsp_ibat_a", 7031, "current", "mean", 0.1),
    Column("bsp_soc_pct", 7032, "soc", "last", 1),
    Column("bsp_temp_c", 7033, "temperature", "mean", 0.1),
    Column("xt_ubat_v", 3092, "voltage", "mean", 0.01),
    Column("xt_ubat_min_v", 3090, "voltage", "min", 0.01),
    Column("xt_uin_vac", 3113, "voltage", "mean", 1),
    Column("xt_iin_aac", 3116, "current", "mean", 0.01),
    Column("xt_pout_kva", 3098, "power", "mean", 0.01, 1000),
    Column("xt_pout_max_kva", 3097, "power", "max", 0.01, 1000),
    Column("xt_pout_kw", 3101, "power", "mean", 0.01, 1000),
    Column("xt_pin_kw", 3119, "power", "mean", 0.01, 1000),
    Column("xt_fout_hz", 3110, "frequency", "mean", 0.1),
    Column("xt_fin_hz", 3122, "frequency", "mean", 0.1),
    Column("xt_phase", 3010, "count", "last", 1),
    Column("xt_mode", 3028, "count", "last", 1),
    Column("xt_transfer", 3020, "flag", "last", 1),
    Column("xt_rme", 3086, "flag", "last", 1),
    Column("xt_aux1", 3054, "flag", "last", 1),
    Column("xt_aux2", 3055, "flag", "last", 1),
    Column("xt_ibat_a", 3095, "current", "mean", 0.1),
    Column("xt_temp_c", 3103, "temperature", "max", 1),
    Column("vs_pv_kw", 15061, "power", "mean", 0.01, 1000),
    Column("vt_pv_kw", 11043, "power", "mean", 0.01, 1000),
    Column("solar_all_kw", 17999, "power", "mean", 0.01, 1000),
    Column("vs_mode", 15013, "count", "last", 1),
    Column("vt_mode", 11016, "count", "last", 1),
    Column("vs_temp_c", 15065, "temperature", "last", 1),
    Column("vt_temp_c", 11045, "temperature", "last", 1),
    Column("vs_upv_v", 15058, "voltage", "mean", 0.1),
    Column("vt_upv_v", 11041, "voltage", "mean", 0.1),
    Column("vs_ubat_v", 15054, "voltage", "mean", 0.01),
    Column("vt_ubat_v", 11039, "voltage", "mean", 0.01),
    Column("vs_ibat_a", 15057, "current", "mean", 0.1),
    Column("vt_ibat_a", 11040, "current", "mean", 0.1),
)
"""Steps as fine as the devices' own, but for the SOC (1/32 %), which batteries tell in whole percent."""


def _known(cells: Mapping[str, float | None], name: str) -> float:
    return cells.get(name) or 0.0


def _charge_limit(cells: Mapping[str, float | None]) -> int:
    if _known(cells, "bsp_soc_pct") >= 98:
        return 100
    return 740 if _known(cells, "bsp_temp_c") < 5 else 1480


def _direction(cells: Mapping[str, float | None]) -> int:
    current_a = _known(cells, "bsp_ibat_a")
    return 1 if current_a > 0.5 else 2 if current_a < -0.5 else 0


DERIVED = (
    Derived(SeriesKind("battery.soh.last", "soh", "last", 1), lambda _: 98),
    Derived(SeriesKind("battery.voltage_limit.last", "voltage_limit", "last", 0.1), lambda _: 532),
    Derived(SeriesKind("battery.charge_limit.last", "current_limit", "last", 0.1), _charge_limit),
    Derived(
        SeriesKind("battery.discharge_limit.last", "current_limit", "last", 0.1),
        lambda cells: 370 if _known(cells, "bsp_soc_pct") < 15 else 1480,
    ),
    Derived(SeriesKind("battery.alarms.last", "count", "last", 1), lambda _: 0),
    Derived(SeriesKind("battery.state.last", "count", "last", 1), _direction),
)


class Table:
    """The series that a log with these columns gives, and its rows as their values."""

    def __init__(self, names: Sequence[str]) -> None:
        places = {name: place for place, name in enumerate(names)}
        self._columns = [(places[column.name], column) for column in COLUMNS if column.name in places]
        self._derived = DERIVED if "bsp_ubat_v" in places else ()
        self.kinds = (
            *(column.kind for _, column in self._columns),
            *(derived.kind for derived in self._derived),
        )

    def values(self, cells: Sequence[float | None]) -> tuple[int | None, ...]:
        """One row's cells, in the order of the names, as the series' values."""
        found = [(column, cells[place]) for place, column in self._columns]
        by_name = {column.name: value for column, value in found}
        return (
            *(None if value is None else column.fixed(value) for column, value in found),
            *(derived.value(by_name) for derived in self._derived),
        )
