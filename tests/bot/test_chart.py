"""The picture: time axis, nights, gaps, and that what is drawn is what was given."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from numpy.typing import NDArray
from tests.support.png import size_of

from stallaini.bot.api_client import Series, Site
from stallaini.bot.chart import HEIGHT_PX, WIDTH_PX, missing_spans, render
from stallaini.bot.draw import Drawer, DrawingFailed
from stallaini.bot.picture import PANELS, Panel, Picture, compose
from stallaini.bot.sun import nights
from stallaini.bot.texts import EN, IT
from stallaini.bot.ticks import time_ticks
from stallaini.bot.wording import Span

ROME = ZoneInfo("Europe/Rome")
END = datetime(2026, 11, 23, 9, 17, tzinfo=UTC)
SITE = Site(site="noto", title="Stallaini", timezone="Europe/Rome", latitude=36.89, longitude=15.07)
MISSING_RGB = (0xF6, 0xE9, 0xCF)


def picture(current_a: float = 10.0, *, gap: bool = False, stale: str | None = None) -> Picture:
    """Three hours of a steady current and a rising charge, with or without an hour missing."""
    start_s = (END - timedelta(hours=3)).timestamp()
    t = [start_s + 60 * index for index in range(180)]
    known = [not (gap and 60 <= index < 120) for index in range(180)]
    columns = {
        "current": [current_a if k else None for k in known],
        "soc": [50 + index / 20 if k else None for index, k in enumerate(known)],
        "temperature": [20 + math.sin(index / 30) if k else None for index, k in enumerate(known)],
    }
    series = [(kind, Series(kind.field, kind.unit, 60, t, columns[kind.field]), None) for kind in PANELS]
    return compose(SITE, Span(3, "h"), END, series, stale, EN)


def pixels(image: bytes) -> NDArray[np.int_]:
    return (imread(BytesIO(image), format="png")[..., :3] * 255).round().astype(int)


def reddish(image: bytes) -> int:
    """How many pixels have the orange of discharging, blended with white."""
    red, green, blue = (pixels(image)[..., index] for index in range(3))
    return int(np.sum((red - blue > 60) & (red - green > 30) & (green - blue > 10)))


def test_the_picture_fits_a_phone() -> None:
    assert size_of(render(picture())) == (WIDTH_PX, HEIGHT_PX) == (1080, 1350)


def test_discharging_looks_different_from_charging() -> None:
    charging, discharging = render(picture(10.0)), render(picture(-10.0))
    assert charging != discharging
    assert reddish(discharging) > 20_000 > 500 > reddish(charging)


def test_a_gap_is_seen_as_one() -> None:
    whole, broken = pixels(render(picture())), pixels(render(picture(gap=True)))
    missing = np.all(broken == MISSING_RGB, axis=-1)
    assert not np.any(np.all(whole == MISSING_RGB, axis=-1))
    columns = np.flatnonzero(missing.sum(axis=0) > 100)
    middle = (columns.min() + columns.max()) / 2
    assert middle == pytest.approx(0.54 * WIDTH_PX, abs=15)
    assert columns.max() - columns.min() == pytest.approx(0.85 * WIDTH_PX / 3, abs=10)


def test_a_stale_picture_says_so() -> None:
    assert render(picture()) != render(picture(stale="STALE: these data are 7 h old"))


def test_a_picture_without_a_single_value_can_be_drawn() -> None:
    empty = [msgspec.structs.replace(p, mean=[None] * len(p.t), last="no data") for p in picture().panels]
    assert size_of(render(msgspec.structs.replace(picture(), panels=empty))) == (1080, 1350)
    none_at_all = [msgspec.structs.replace(p, t=[], mean=[]) for p in picture().panels]
    assert size_of(render(msgspec.structs.replace(picture(), panels=none_at_all))) == (1080, 1350)


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_missing_spans_are_exactly_the_missing_buckets(known: list[bool]) -> None:
    t = [30.0 + 60 * index for index in range(len(known))]
    mean = [1.0 if k else None for k in known]
    spans = missing_spans(Panel("soc", "", "", t, mean), 0.0, 60.0 * len(known))
    assert sum(end - start for start, end in spans) == 60 * known.count(False)
    for at, k in zip(t, known, strict=True):
        assert any(start <= at <= end for start, end in spans) is not k


def test_titles_carry_the_last_value_in_the_language_of_the_reader() -> None:
    series = [(PANELS[0], Series("c", "A", 60, [0.0, 60.0, 120.0], [1.0, -23.44, None]), None)]
    shown = compose(SITE, Span(2, "d"), END, series, None, IT)
    assert shown.panels[0].last == "−23,4 A"
    assert shown.title == "Stallaini · ultimi 2 giorni"
    assert shown.subtitle == "sab 21 nov 10:17 – lun 23 nov 10:17"


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (3, ["07:30", "08:00", "08:30", "09:00", "09:30", "10:00"]),
        (48, ["12:00", "Sun 22", "12:00", "Mon 23"]),
        (720, ["26 Oct", "31 Oct", "5 Nov", "10 Nov", "15 Nov", "20 Nov"]),
    ],
)
def test_the_time_axis_has_round_local_times(hours: int, labels: list[str]) -> None:
    start_s = (END - timedelta(hours=hours)).timestamp()
    assert [tick.label for tick in time_ticks(start_s, END.timestamp(), ROME, EN)] == labels


@given(st.integers(1_700_000_000, 1_900_000_000), st.integers(1, 366 * 24))
def test_the_time_axis_is_never_crowded_nor_outside(end_s: int, hours: int) -> None:
    start_s = end_s - hours * 3600
    ticks = time_ticks(start_s, end_s, ROME, EN)
    assert 1 <= len(ticks) <= 8
    assert all(start_s <= tick.at_s <= end_s for tick in ticks)
    assert all(a.at_s < b.at_s for a, b in itertools.pairwise(ticks))


def test_midnight_stays_midnight_over_the_clock_change() -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=ROME)
    ticks = time_ticks(start.timestamp(), start.timestamp() + 49 * 3600, ROME, EN)
    assert [tick.label for tick in ticks] == ["12:00", "Sun 25", "12:00", "Mon 26", "12:00"]
    assert [b.at_s - a.at_s for a, b in itertools.pairwise(ticks)] == [
        43_200,
        46_800,
        43_200,
        43_200,
    ]


@pytest.mark.parametrize(
    ("day", "place", "sunrise", "sunset"),
    [
        # London, almanac: 21 June 03:43 and 20:21 UT, 21 December 08:04 and 15:53 UT.
        (datetime(2026, 6, 21, tzinfo=UTC), (51.507, -0.128), "03:43", "20:21"),
        (datetime(2026, 12, 21, tzinfo=UTC), (51.507, -0.128), "08:04", "15:53"),
    ],
)
def test_nights_end_at_sunrise(day: datetime, place: tuple[float, float], sunrise: str, sunset: str) -> None:
    start_s = day.timestamp()
    (_, dawn_s), (dusk_s, _) = nights(start_s, start_s + 86_400, *place)
    for at_s, expected in ((dawn_s, sunrise), (dusk_s, sunset)):
        hours, minutes = map(int, expected.split(":"))
        assert abs(at_s - (start_s + hours * 3600 + minutes * 60)) <= 420


def test_the_midnight_sun_and_the_polar_night() -> None:
    june, december = datetime(2026, 6, 21, tzinfo=UTC), datetime(2026, 12, 21, tzinfo=UTC)
    assert nights(june.timestamp(), june.timestamp() + 86_400, 70.0, 25.0) == []
    start_s = december.timestamp()
    assert nights(start_s, start_s + 86_400, 70.0, 25.0) == [(start_s, start_s + 86_400)]


async def test_a_process_of_its_own_draws_the_same() -> None:
    assert await Drawer().draw(picture()) == render(picture())


async def test_the_bot_goes_on_while_a_picture_is_drawn() -> None:
    drawing = asyncio.create_task(Drawer().draw(picture()))
    beats = [time.monotonic()]
    while not drawing.done():
        await asyncio.sleep(0.01)
        beats.append(time.monotonic())
    longest_s = max(after - before for before, after in itertools.pairwise(beats))
    assert longest_s < (beats[-1] - beats[0]) / 3


async def test_a_picture_that_cannot_be_drawn_is_an_error_with_its_reason() -> None:
    unknown = msgspec.structs.replace(picture(), timezone="Nowhere/At all")
    with pytest.raises(DrawingFailed, match="Nowhere"):
        await Drawer().draw(unknown)
