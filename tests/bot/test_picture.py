"""Which curves a site has to offer, and how they are chosen by buttons."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from stallaini.bot.api_client import Device, Series, SeriesListed, Site, SiteRow
from stallaini.bot.asking import Button
from stallaini.bot.charting import SPANS, buttons
from stallaini.bot.picture import MOST_PANELS, PANELS, compose, offered, picked, points, toggled
from stallaini.bot.talk import fitting
from stallaini.bot.texts import EN, IT
from stallaini.bot.ticks import time_ticks
from stallaini.bot.wording import Span

END = datetime(2026, 11, 23, 9, 17, tzinfo=UTC)
CHANNELS = (
    "battery.current",
    "battery.soc",
    "battery.power",
    "roof.power",
    "inverter.ac_power",
    "inverter.input_power",
)
SITE = Site(
    site="noto",
    title="Stallaini",
    timezone="Europe/Rome",
    series=tuple(SeriesListed(f"{name}.mean", name) for name in CHANNELS),
    devices=(Device("roof", "studer_variotrack"),),
)
ROW = SiteRow(site="noto", title="Stallaini", timezone="Europe/Rome", state="live")
CURVES = offered(SITE, "battery")


def test_a_site_offers_what_it_keeps() -> None:
    assert [(curve.kind.style, curve.channel) for curve in CURVES] == [
        ("current", "battery.current"),
        ("soc", "battery.soc"),
        ("power", "battery.power"),
        ("sun", "roof.power"),
        ("house", "inverter.ac_power"),
        ("input", "inverter.input_power"),
    ]
    assert offered(SITE, None) == CURVES[3:]


def test_letters_of_another_site_are_no_harm() -> None:
    assert picked(CURVES, "xyz|") == picked(CURVES, "") == CURVES[:3]
    assert len({curve.kind.code for curve in CURVES}) == len(CURVES)


@given(st.lists(st.sampled_from([curve.kind.code for curve in CURVES]), max_size=20))
def test_however_often_buttons_are_pressed_there_is_something_to_draw(codes: list[str]) -> None:
    shown = picked(CURVES, "")
    for code in codes:
        before = {curve.kind.code for curve in shown}
        shown = picked(CURVES, toggled(shown, code))
        after = {curve.kind.code for curve in shown}
        assert 1 <= len(shown) <= MOST_PANELS
        assert (code in after) == (code not in before or before == {code})


def test_the_buttons_of_a_chart_fit_into_telegrams_64_bytes() -> None:
    row = SiteRow(site="a-site-with-a-name-of-32-letters", title="x", timezone="UTC", state="live")
    rows = buttons(row, SPANS[3], CURVES, CURVES[:4], EN)
    assert fitting(rows) == rows
    assert fitting([[("x", Button("chart", "a" * 64))], []]) == []


def test_long_spans_come_day_by_day_and_tell_the_year() -> None:
    assert [points(span) for span in SPANS] == [720, 720, 720, 365]
    series = [(PANELS[1], Series("s", "%", 86_400, [0.0], [50.0]), None)]
    shown = compose(SITE, Span(365, "d"), END, series, None, IT)
    assert (shown.title, shown.subtitle) == ("Stallaini · ultimo anno", "23 nov 2025 – 23 nov 2026")


def test_a_years_axis_has_the_beginnings_of_months() -> None:
    start_s = END.timestamp() - 365 * 86_400
    ticks = time_ticks(start_s, END.timestamp(), ZoneInfo("Europe/Rome"), EN)
    assert [tick.label for tick in ticks] == ["Jan 2026", "Mar", "May", "Jul", "Sep", "Nov"]
