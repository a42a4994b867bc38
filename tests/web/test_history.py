"""The past on the page: day and week with their gaps, read out by mouse, finger and keys; energy."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.world import (
    GAP_MINUTES,
    GAP_START_MINUTES_AGO,
    RECENT_GAP_MINUTES,
    RECENT_GAP_START_MINUTES_AGO,
)

pytestmark = pytest.mark.browser

# Share of the plot's pixels in one column that have the line's own colour.
_LINE_PIXELS = """
([plot, share]) => {
  const host = document.querySelector(plot);
  const canvas = host.querySelector("canvas");
  const over = host.querySelector(".u-over");
  const scale = canvas.width / canvas.clientWidth;
  const left = parseFloat(over.style.left), width = parseFloat(over.style.width);
  const colours = ["--soc", "--charge", "--discharge"].map((name) => {
    const hex = getComputedStyle(host).getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  });
  const x = Math.round((left + share * width) * scale);
  const { data } = canvas.getContext("2d").getImageData(x, 0, 1, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const near = (colour) => [0, 1, 2].every((part) => Math.abs(data[at + part] - colour[part]) < 40);
    if (data[at + 3] > 200 && colours.some(near)) count += 1;
  }
  return count;
}
"""


def line_pixels(page: Page, plot: str, share: float) -> int:
    """How many pixels of the line stand in the column at `share` (0 = left, 1 = right) of a plot."""
    return int(page.evaluate(_LINE_PIXELS, [plot, share]))


def share_of(minutes_ago: float, span_minutes: int) -> float:
    """Where on the time axis an instant stands."""
    return 1 - minutes_ago / span_minutes


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_day_and_week_are_drawn_and_break_where_nothing_was_recorded(
    visitor: Visitor, size: tuple[int, int]
) -> None:
    visit = visitor(size)
    page = visit.open_history()
    middle_of_gap = RECENT_GAP_START_MINUTES_AGO - RECENT_GAP_MINUTES / 2
    for plot in (".plot-soc", ".plot-flow"):
        assert line_pixels(page, plot, share_of(3 * 60, 1440)) > 0
        assert line_pixels(page, plot, share_of(15 * 60, 1440)) > 0
        assert line_pixels(page, plot, share_of(middle_of_gap, 1440)) == 0

    page.get_by_role("button", name="Week").click()
    expect(page.locator(".chart-space[data-span=week][data-loading=false] canvas").first).to_be_visible()
    middle_of_gap = GAP_START_MINUTES_AGO - GAP_MINUTES / 2
    for plot in (".plot-soc", ".plot-flow"):
        assert line_pixels(page, plot, share_of(1.5 * 1440, 10_080)) > 0
        assert line_pixels(page, plot, share_of(5.2 * 1440, 10_080)) > 0
        assert line_pixels(page, plot, share_of(middle_of_gap, 10_080)) == 0
    assert "span=week" in page.url
    visit.shows_no_fault()


def test_the_mouse_reads_out_a_bucket(visitor: Visitor) -> None:
    page = visitor().open_history()
    value = page.locator(".caption-value").nth(1)
    expect(value).to_contain_text(" to ")
    box = page.locator(".plot-flow .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20)
    expect(value).to_contain_text("kW (")
    # The cursor stands a quarter of a day before the chart's end, in the time zone of the site.
    six_hours_ago = datetime.now(ZoneInfo("Europe/Rome")) - timedelta(hours=6)
    shown = page.locator(".chart-when").inner_text()[-5:]
    minutes_apart = six_hours_ago.hour * 60 + six_hours_ago.minute - int(shown[:2]) * 60 - int(shown[3:])
    assert abs((minutes_apart + 720) % 1440 - 720) <= 15
    page.mouse.move(box["x"] + box["width"] * share_of(RECENT_GAP_START_MINUTES_AGO - 40, 1440), box["y"])
    expect(value).to_have_text("no data")


def test_a_finger_drawn_along_the_chart_reads_it_out(visitor: Visitor) -> None:
    page = visitor(PHONE).open_history()
    over = page.locator(".plot-soc .u-over")
    over.scroll_into_view_if_needed()
    when = page.locator(".chart-when")
    expect(when).to_contain_text("–")
    box = over.bounding_box()
    assert box
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *shares: float) -> None:
        points = [{"x": box["x"] + box["width"] * share, "y": box["y"] + 30} for share in shares]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.5)
    expect(when).not_to_contain_text("–")
    noted = when.inner_text()
    for share in (0.55, 0.65, 0.75):
        touch("touchMove", share)
    expect(when).not_to_have_text(noted)
    touch("touchEnd")
    page.touchscreen.tap(20, 400)
    expect(when).to_contain_text("–")


def test_arrow_keys_walk_through_the_chart(visitor: Visitor) -> None:
    page = visitor().open_history()
    page.locator(".chart").focus()
    when = page.locator(".chart-when")
    page.keyboard.press("Home")
    first = when.inner_text()
    page.keyboard.press("ArrowRight")
    expect(when).not_to_have_text(first)
    page.keyboard.press("ArrowLeft")
    expect(when).to_have_text(first)
    page.keyboard.press("Escape")
    expect(when).to_contain_text("–")


def test_the_time_axis_is_the_site_s_not_the_reader_s(visitor: Visitor) -> None:
    near = visitor(timezone_id="Europe/Rome").open_history()
    far = visitor(timezone_id="Australia/Sydney").open_history()
    assert near.locator(".chart-when").inner_text() == far.locator(".chart-when").inner_text()


def test_energy_of_seven_days_names_the_incomplete_one(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    page = visit.open_history()
    days = page.locator(".energy-days li")
    expect(days).to_have_count(7)
    expect(days.last).to_contain_text("Today")
    expect(page.locator(".energy-days li[data-incomplete=true]").first).to_contain_text("of the day recorded")
    assert "In" in days.first.inner_text()
    assert "kWh" in days.first.inner_text()
    visit.shows_no_fault()


def test_the_chart_follows_the_theme(visitor: Visitor) -> None:
    page = visitor().open_history()
    share = share_of(3 * 60, 1440)
    assert line_pixels(page, ".plot-soc", share) > 0
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    assert line_pixels(page, ".plot-soc", share) > 0
