"""Draw days of the simulated house beside recorded days of a real Studer hut, and print how they differ.

The recordings are 14 months of minutes of an Xtender with a VarioTrack on lead-acid batteries; they are not
part of this repository, only the curves drawn from them are. Usage:
`python scripts/plot_twin.py [--recordings ../shared/data/telemetry] [--out docs/images]`.
"""

from __future__ import annotations

import argparse
import csv
import lzma
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from stallaini.twin.physics.clouds import Clouds
from stallaini.twin.physics.house import House

ROOT = Path(__file__).resolve().parents[1]
RECORDING = "studer_inst5_xt_vt_2019-01_2020-02_1min.csv.xz"
DAY_S, MINUTES = 86_400, 1440
NOTO = (36.9, 15.0)
SUN, LOAD, HELD, VOLT, CHARGE, FAINT = "#e08a00", "#31688e", "#c8c8c8", "#35574a", "#2a9d62", "#9a9a9a"
HELD_BACK = (9, 12)
"""Modes of info 11016 in which sun is thrown away; 10 is left out, which recordings show at every dawn."""


@dataclass(frozen=True)
class Case:
    """One kind of day: a recorded date, and where to look for its like in the twin."""

    name: str
    title: str
    recorded: str
    begin_s: int
    """Midnight in Noto of the twin's day."""
    light: tuple[float, float]
    """Least and greatest mean clear-sky index, 8 to 16 o'clock."""
    rough: tuple[float, float]
    """Least and greatest sum of its jumps."""
    soc_pct: float


CASES = (
    Case("clear", "A clear day in spring", "2019-03-28", 1_774_652_400, (0.97, 1.05), (0, 3), 66.0),
    Case("cloudy", "A day of broken clouds", "2019-06-07", 1_780_869_600, (0.5, 0.8), (14, 99), 60.0),
    Case("winter", "A grey day in winter", "2019-01-08", 1_767_826_800, (0.0, 0.3), (0, 99), 55.0),
)


@dataclass
class Day:
    """Minutes of one day; empty lists where nothing is known."""

    pv_kw: list[float] = field(default_factory=list)
    available_kw: list[float] = field(default_factory=list)
    load_kw: list[float] = field(default_factory=list)
    volt: list[float] = field(default_factory=list)
    soc_pct: list[float] = field(default_factory=list)
    mode: list[int] = field(default_factory=list)


def recorded_days(path: Path) -> Iterator[tuple[str, Day]]:
    """Every whole day of the recording."""
    date, day = "", Day()
    with lzma.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if row["t"][:10] != date:
                if len(day.mode) == MINUTES:
                    yield date, day
                date, day = row["t"][:10], Day()
            if not row["vt_mode"]:
                continue
            day.pv_kw.append(float(row["vt_pv_kw"]))
            day.load_kw.append(float(row["xt_pout_kw"]))
            day.volt.append(float(row["xt_ubat_v"]))
            day.mode.append(int(row["vt_mode"]))


def twin_day(case: Case) -> Day:
    """The first seed's day that has such a sky."""
    seed = next(seed for seed in range(1, 500) if _fits(case, seed))
    house, day = House(seed=seed, soc_pct=case.soc_pct), Day()
    for minute in range(1, MINUTES + 1):
        available_w = 0.0
        for second in range(5, 61, 5):
            house.advance(case.begin_s + (minute - 1) * 60 + second, 5.0)
            available_w += house.mppt.available_w / 12
        state = house.state()
        day.pv_kw.append(state.minute.solar_power_w.mean / 1000)
        day.available_kw.append(available_w / 1000)
        day.load_kw.append(state.minute.ac_power_w.mean / 1000)
        day.volt.append(state.minute.battery_voltage_v.mean)
        day.soc_pct.append(state.bms.soc_pct)
        day.mode.append(state.solar.mode)
    return day


def _fits(case: Case, seed: int) -> bool:
    clouds = Clouds(*NOTO, seed)
    light = [clouds.index(case.begin_s + minute * 60, 60.0) for minute in range(8 * 60, 16 * 60)]
    rough = sum(abs(one - other) for one, other in pairwise(light))
    return (
        case.light[0] <= statistics.fmean(light) <= case.light[1] and case.rough[0] <= rough <= case.rough[1]
    )


def draw(case: Case, twin: Day, recorded: Day, path: Path) -> None:
    """Both days side by side."""
    figure, axes = plt.subplots(
        3, 2, figsize=(9.6, 6.2), sharex=True, sharey="row", height_ratios=(3, 1.6, 1.2), layout="constrained"
    )
    figure.suptitle(case.title, fontweight="bold")
    for column, (day, title) in enumerate(
        ((twin, "the twin: 2.34 kWp, 9.6 kWh LFP"), (recorded, "a recorded hut: lead-acid, another array"))
    ):
        _powers(axes[0][column], day)
        axes[0][column].set_title(title, fontsize=10)
        _line(axes[1][column], day.volt, VOLT)
        if day.soc_pct:
            _line(axes[2][column], day.soc_pct, CHARGE)
        else:
            axes[2][column].text(12, 50, "not recorded", ha="center", va="center", color=FAINT)
    for row, label in enumerate(("kW", "battery V", "charge %")):
        axes[row][0].set_ylabel(label)
    axes[2][0].set_ylim(0, 104)
    for axis in axes.flat:
        axis.grid(color="#ececec")
        axis.set_xlim(0, 24)
        axis.set_xticks(range(0, 25, 4))
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[2]:
        axis.set_xlabel("hour of the day")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(path, dpi=100, pil_kwargs={"optimize": True})
    plt.close(figure)


def _hours(values: Sequence[float]) -> list[float]:
    return [minute / 60 for minute in range(len(values))]


def _line(axis: Axes, values: Sequence[float], colour: str) -> None:
    axis.plot(_hours(values), values, color=colour, linewidth=1.2)


def _powers(axis: Axes, day: Day) -> None:
    hours = _hours(day.pv_kw)
    held = [mode in HELD_BACK for mode in day.mode]
    axis.fill_between(
        hours, 0, 1, where=held, transform=axis.get_xaxis_transform(), color=HELD, alpha=0.45, linewidth=0,
        label="solar charger holds back",
    )  # fmt: skip
    axis.fill_between(hours, day.pv_kw, color=SUN, alpha=0.8, linewidth=0, label="solar power used")
    if day.available_kw:
        axis.plot(
            hours, day.available_kw, color=SUN, linewidth=1.0, linestyle=":", label="solar power to be had"
        )
    axis.plot(hours, day.load_kw, color=LOAD, linewidth=1.0, label="load")
    axis.set_ylim(bottom=0)


@dataclass
class Numbers:
    """What is compared."""

    rows: list[tuple[str, str]]


def numbers(day: Day) -> Numbers:
    """One day in figures."""
    peak_kw = max(day.pv_kw)
    light = [minute for minute, power in enumerate(day.pv_kw) if power > 0.02]
    ten = next(minute for minute in light if day.pv_kw[minute] > 0.1 * peak_kw)
    ninety = next(minute for minute in light if day.pv_kw[minute] > 0.9 * peak_kw)
    plateau = sum(power > 0.8 * peak_kw for power in day.pv_kw) / 60
    held = [minute for minute, mode in enumerate(day.mode) if mode in HELD_BACK]
    night = day.volt[:240]
    return Numbers(
        [
            ("solar energy, kWh", f"{sum(day.pv_kw) / 60:.1f}"),
            ("greatest minute, kW", f"{peak_kw:.2f}"),
            ("from 10 % to 90 % of it, min", f"{ninety - ten}"),
            ("above 80 % of it, h", f"{plateau:.1f}"),
            ("held back (modes 9, 12), min", f"{len(held)}"),
            ("jumps: sum of changes / greatest", f"{_jumps(day.pv_kw):.0f}"),
            ("load, kWh", f"{sum(day.load_kw) / 60:.1f}"),
            ("load from 0 to 4 o'clock, median W", f"{statistics.median(day.load_kw[:240]) * 1000:.0f}"),
            ("battery, least and greatest V", f"{min(day.volt):.1f}, {max(day.volt):.1f}"),
            ("fall from 0 to 4 o'clock, V", f"{night[0] - night[-1]:.2f}"),
        ]
    )


def _jumps(powers: Sequence[float]) -> float:
    return sum(abs(one - other) for one, other in pairwise(powers)) / max(powers)


class Changes:
    """How power changes from one light minute to the next, as a share of the day's greatest."""

    def __init__(self) -> None:
        self._shares: list[float] = []
        self._day_kwh: list[float] = []

    def add(self, powers: Sequence[float], mode: Sequence[int]) -> None:
        """One day; only minutes in which the charger tracks."""
        peak_kw = max(powers)
        if peak_kw < 0.3:
            return
        self._day_kwh.append(sum(powers) / 60)
        pairs = zip(pairwise(powers), pairwise(mode), strict=True)
        self._shares += [
            abs(a - b) / peak_kw for (a, b), modes in pairs if modes == (8, 8) and max(a, b) > 0.05
        ]

    def row(self) -> str:
        """Shares of minutes with greater changes."""
        total = len(self._shares)
        parts = [sum(share > limit for share in self._shares) / total for limit in (0.03, 0.1, 0.3)]
        return " | ".join(f"{100 * part:.1f} %" for part in parts)


def twin_changes() -> Changes:
    """A day in six of a year, far from full."""
    changes, begin_s = Changes(), CASES[2].begin_s
    for day in range(0, 365, 6):
        house = House(seed=1000 + day, soc_pct=30.0)
        house.controls.heater_relay = True
        powers, modes = [], []
        for minute in range(1, MINUTES + 1):
            house.advance(begin_s + day * DAY_S + minute * 60, 60.0)
            powers.append(house.tally.closed.solar_power_w.mean / 1000)
            modes.append(house.mppt.mode)
        changes.add(powers, modes)
    return changes


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, default=ROOT.parent / "shared" / "data" / "telemetry")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    wanted = {case.recorded: case for case in CASES}
    found: dict[str, Day] = {}
    recorded_changes = Changes()
    for date, day in recorded_days(args.recordings / RECORDING):
        recorded_changes.add(day.pv_kw, day.mode)
        if date in wanted:
            found[date] = day
    for case in CASES:
        twin = twin_day(case)
        draw(case, twin, found[case.recorded], args.out / f"twin-{case.name}.png")
        print(f"\n| {case.title} | twin | hut, {case.recorded} |\n|---|---|---|")
        for (label, one), (_, other) in zip(
            numbers(twin).rows, numbers(found[case.recorded]).rows, strict=True
        ):
            print(f"| {label} | {one} | {other} |")
    print(
        "\n| minutes that change by more than | 3 % | 10 % | 30 % of the day's greatest |\n|---|---|---|---|"
    )
    print(f"| twin | {twin_changes().row()} |\n| hut | {recorded_changes.row()} |")


if __name__ == "__main__":
    main()
