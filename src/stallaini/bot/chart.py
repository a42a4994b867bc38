"""Draws a `Picture` as a PNG for a phone's chat, 1080 x 1350 px.

Run as `python -m stallaini.bot.chart` it reads a picture as JSON on stdin and writes the PNG to stdout:
matplotlib costs 60 MB and more, so it lives in a process that ends with the picture (`draw.py` starts it).
"""

from __future__ import annotations

import io
import itertools
import math
import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from stallaini.bot.picture import Panel, Picture
from stallaini.bot.sun import nights
from stallaini.bot.texts import LANGUAGES, Texts
from stallaini.bot.ticks import time_ticks
from stallaini.bot.wording import MINUS

WIDTH_PX, HEIGHT_PX = 1080, 1350
_DPI = 200
# At 360 px the picture is a third of its size: 12 pt are 33 px here and 11 px there.
_SMALL_PT, _TITLE_PT, _PANEL_PT, _LAST_PT = 11.5, 16, 13, 17

_INK, _FAINT, _GRID = "#16202c", "#5b6776", "#d5dae1"
_NIGHT, _MISSING, _WARNING = "#e6eaf3", "#f6e9cf", "#b42318"
_CHARGE, _DISCHARGE = "#15803d", "#c2570c"
_COLOURS = {
    "current": _INK,
    "soc": "#1d4ed8",
    "temperature": "#b4236b",
    "power": _INK,
    "voltage": "#0f766e",
    "sun": "#b45309",
    "house": "#6d28d9",
    "input": "#57534e",
}
_SIGNED = ("current", "power")
"""Their sign tells whether the battery is charged or discharged."""
_AMOUNTS = ("sun", "house", "input")
"""They are filled down to zero."""
_LEAST_HEIGHTS = {"voltage": 1.0, "power": 40.0, "sun": 40.0, "house": 40.0, "input": 40.0}
_NIGHTS_UP_TO_S = 45 * 86_400
"""In longer spans nights are thinner than a hair: shading them would only be a grey veil."""

Floats = NDArray[np.float64]


def render(picture: Picture) -> bytes:
    """The picture as PNG bytes."""
    texts = LANGUAGES[picture.language]
    figure = Figure(figsize=(WIDTH_PX / _DPI, HEIGHT_PX / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    ratios = [1.35 if panel.style in _SIGNED else 1.0 for panel in picture.panels]
    top = 0.845 if picture.stale is None else 0.82
    grid = figure.add_gridspec(
        len(ratios), 1, height_ratios=ratios, left=0.115, right=0.965, top=top, bottom=0.055, hspace=0.34
    )
    _head(figure, picture)
    for row, panel in enumerate(picture.panels):
        axes = figure.add_subplot(grid[row])
        _backdrop(axes, picture, panel, texts)
        _draw_panel(axes, panel, picture.stale is not None)
        _value_axis(axes, panel, texts)
        _time_axis(axes, picture, texts, labelled=row == len(ratios) - 1)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()


def _head(figure: Figure, picture: Picture) -> None:
    _head_line(figure, 0.972, picture.title, _TITLE_PT, _INK, "bold")
    _head_line(figure, 0.933, picture.subtitle, _SMALL_PT, _FAINT, "normal")
    if picture.stale is not None:
        _head_line(figure, 0.905, picture.stale, _SMALL_PT, _WARNING, "bold")


def _head_line(figure: Figure, y: float, said: str, size_pt: float, colour: str, weight: str) -> None:
    """A line across the picture, in smaller letters where it would not fit."""
    line = figure.text(0.035, y, said, fontsize=size_pt, color=colour, weight=weight, va="top")
    width_px = line.get_window_extent().width
    line.set_fontsize(size_pt * min(1.0, 0.93 * WIDTH_PX / max(width_px, 1.0)))


def _backdrop(axes: Axes, picture: Picture, panel: Panel, texts: Texts) -> None:
    short = picture.end_s - picture.start_s <= _NIGHTS_UP_TO_S
    if short and picture.latitude is not None and picture.longitude is not None:
        for start_s, end_s in nights(picture.start_s, picture.end_s, picture.latitude, picture.longitude):
            axes.axvspan(start_s, end_s, color=_NIGHT, linewidth=0, zorder=0)
    for start_s, end_s in missing_spans(panel, picture.start_s, picture.end_s):
        axes.axvspan(
            start_s, end_s, facecolor=_MISSING, edgecolor="#e3cf9f", hatch="//", linewidth=0, zorder=1
        )
        if end_s - start_s > 0.16 * (picture.end_s - picture.start_s):
            axes.text(
                (start_s + end_s) / 2,
                0.5,
                texts.no_data,
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="center",
                fontsize=_SMALL_PT,
                color="#7a5b12",
                bbox={"facecolor": _MISSING, "edgecolor": "none", "pad": 3},
                zorder=6,
            )


def missing_spans(panel: Panel, start_s: float, end_s: float) -> list[tuple[float, float]]:
    """The spans of [start, end] in which the panel has no value, ignoring less than a bucket and a half."""
    known = [t for t, value in zip(panel.t, panel.mean, strict=True) if value is not None]
    if not known:
        return [(start_s, end_s)]
    bucket_s = min(np.diff(panel.t), default=60.0)
    edges = [start_s - bucket_s / 2, *known, end_s + bucket_s / 2]
    return [
        (max(start_s, left + bucket_s / 2), min(end_s, right - bucket_s / 2))
        for left, right in itertools.pairwise(edges)
        if right - left > 1.5 * bucket_s
    ]


def _draw_panel(axes: Axes, panel: Panel, stale: bool) -> None:
    colour = _COLOURS[panel.style]
    t = np.array(panel.t, dtype=float)
    mean = _column(panel.mean)
    axes.set_title(panel.title, loc="left", fontsize=_PANEL_PT, color=_INK, pad=8)
    axes.set_title(
        panel.last, loc="right", fontsize=_LAST_PT, color=_last_colour(panel, stale), weight="bold", pad=8
    )
    if panel.low is not None and panel.high is not None:
        axes.fill_between(
            t, _column(panel.low), _column(panel.high), color=colour, alpha=0.16, linewidth=0, zorder=3
        )
    if panel.style in _SIGNED:
        _charge_and_discharge(axes, t, mean)
    elif panel.style in _AMOUNTS:
        axes.fill_between(t, 0, mean, color=colour, alpha=0.3, linewidth=0, zorder=4)
    axes.plot(t, mean, color=colour, linewidth=1.3, zorder=5, solid_joinstyle="round")
    lonely = _lonely(mean)
    axes.plot(t[lonely], mean[lonely], ".", color=colour, markersize=3.5, zorder=5)
    known = np.flatnonzero(~np.isnan(mean))
    if known.size:
        last = known[-1]
        axes.plot(
            t[last],
            mean[last],
            "o",
            color=colour,
            markersize=6,
            markeredgecolor="white",
            zorder=7,
            clip_on=False,
        )


def _last_colour(panel: Panel, stale: bool) -> str:
    """Grey for what is no longer true; green and orange for charging and discharging."""
    if stale or all(value is None for value in panel.mean):
        return _FAINT
    if panel.style not in _SIGNED:
        return _COLOURS[panel.style]
    return _DISCHARGE if panel.last.startswith(MINUS) else _CHARGE


def _charge_and_discharge(axes: Axes, t: Floats, mean: Floats) -> None:
    for sign, colour in ((1, _CHARGE), (-1, _DISCHARGE)):
        part = np.where(np.isnan(mean), np.nan, np.maximum(mean * sign, 0.0) * sign)
        axes.fill_between(t, 0, part, color=colour, alpha=0.55, linewidth=0, zorder=4)
    axes.axhline(0, color=_FAINT, linewidth=0.9, zorder=4)


def _value_axis(axes: Axes, panel: Panel, texts: Texts) -> None:
    low, high = _limits(panel)
    axes.set_ylim(low, high)
    axes.locator_params(axis="y", nbins=6, steps=[1, 2, 2.5, 5, 10])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value, texts)))
    if panel.style == "soc":
        axes.set_yticks([0, 25, 50, 75, 100])
    elif all(value is None for value in panel.mean):
        axes.set_yticks([])
    axes.grid(axis="y", color=_GRID, linewidth=0.7, zorder=2)
    axes.tick_params(axis="y", labelsize=_SMALL_PT, labelcolor=_FAINT, length=0, pad=4)
    axes.set_axisbelow(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)


def _limits(panel: Panel) -> tuple[float, float]:
    """The value axis: charge always 0 to 100, currents and powers with zero, nothing ever a hair wide."""
    if panel.style == "soc":
        return -2.0, 104.0
    columns = [panel.mean, panel.low or [], panel.high or []]
    values = [value for column in columns for value in column if value is not None]
    least_height = _LEAST_HEIGHTS.get(panel.style, 4.0)
    if panel.style in (*_SIGNED, *_AMOUNTS):
        values.append(0.0)
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    pad = max(0.08 * (high - low), (least_height - (high - low)) / 2, 0.0)
    if panel.style in _AMOUNTS and low == 0.0:
        return -0.02 * max(high, least_height), max(high + pad, least_height)
    return low - pad, high + pad


def _short(value: float, texts: Texts) -> str:
    """A number of the value axis, thousands as `k`: the axis has room for four letters."""
    shown = f"{abs(value) / 1000:g}k" if abs(value) >= 1000 else f"{abs(value):g}"
    return (MINUS if value < 0 else "") + shown.replace(".", texts.decimal_mark)


def _time_axis(axes: Axes, picture: Picture, texts: Texts, labelled: bool) -> None:
    ticks = time_ticks(picture.start_s, picture.end_s, ZoneInfo(picture.timezone), texts)
    axes.set_xlim(picture.start_s, picture.end_s)
    axes.set_xticks([tick.at_s for tick in ticks], [tick.label if labelled else "" for tick in ticks])
    axes.tick_params(axis="x", labelsize=_SMALL_PT, labelcolor=_INK, length=0, pad=6)
    for tick in ticks:
        axes.axvline(tick.at_s, color="#aab3bf" if tick.major else _GRID, linewidth=0.7, zorder=2)


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=float)


def _lonely(values: Floats) -> NDArray[np.bool_]:
    """Which values stand between two gaps: a line through them would not be seen."""
    known = np.concatenate([[False], ~np.isnan(values), [False]])
    lonely: NDArray[np.bool_] = known[1:-1] & ~known[:-2] & ~known[2:]
    return lonely


def main() -> None:
    """Draw the picture on stdin to stdout."""
    picture = msgspec.json.decode(sys.stdin.buffer.read(), type=Picture)
    sys.stdout.buffer.write(render(picture))


if __name__ == "__main__":
    main()
