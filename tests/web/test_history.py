"""The past on the page: spans and their gaps, read out, dragged, zoomed, saved; energy by day and month."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from tests.support.png import size_of
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.visit import Visit
from tests.web.world import (
    GAP_MINUTES,
    GAP_START_MINUTES_AGO,
    RECENT_GAP_MINUTES,
    RECENT_GAP_START_MINUTES_AGO,
    World,
)

pytestmark = pytest.mark.browser

# Pixels in one column of the plot that have a line's own colour.
_LINE_PIXELS = """
(share) => {
  const host = document.querySelector(".plot");
  const canvas = host.querySelector("canvas");
  const over = host.querySelector(".u-over");
  const scale = canvas.width / canvas.clientWidth;
  const left = parseFloat(over.style.left), width = parseFloat(over.style.width);
  const colours = ["--line-1", "--line-2"].map((name) => {
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


def line_pixels(page: Page, share: float) -> int:
    """How many pixels of the first two lines stand in the column at `share` (0 = left, 1 = right)."""
    return int(page.evaluate(_LINE_PIXELS, share))


def share_of(minutes_ago: float, span_minutes: int) -> float:
    """Where on the time axis an instant stands."""
    return 1 - minutes_ago / span_minutes


def span(page: Page, name: str) -> None:
    """Choose a span and wait for its buckets."""
    page.get_by_role("group", name="Span").get_by_role("button", name=name).click()
    space = page.locator(f".chart-space[data-span={name.lower()}][data-loading=false]")
    expect(space.locator("canvas")).to_be_visible()


def seen_minutes(page: Page) -> float:
    """How long the stretch is that is looked at, as the address has it."""
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    page.wait_for_timeout(600)  # the address follows when the hands rest
    found = re.search(r"from=(\d+)&to=(\d+)", page.url)
    assert found
    return (int(found[2]) - int(found[1])) / 60


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_day_and_week_are_drawn_and_break_where_nothing_was_recorded(
    visitor: Visitor, size: tuple[int, int]
) -> None:
    visit = visitor(size)
    page = visit.open_history()
    assert line_pixels(page, share_of(3 * 60, 1440)) > 0
    assert line_pixels(page, share_of(15 * 60, 1440)) > 0
    assert line_pixels(page, share_of(RECENT_GAP_START_MINUTES_AGO - RECENT_GAP_MINUTES / 2, 1440)) == 0
    span(page, "Week")
    expect(page.locator(".chart-space")).to_have_attribute("data-bucket", re.compile("900|1800"))
    assert line_pixels(page, share_of(1.5 * 1440, 10_080)) > 0
    assert line_pixels(page, share_of(5.2 * 1440, 10_080)) > 0
    assert line_pixels(page, share_of(GAP_START_MINUTES_AGO - GAP_MINUTES / 2, 10_080)) == 0
    assert "span=week" in page.url
    visit.shows_no_fault()


def test_month_year_and_all_come_in_coarser_buckets(visitor: Visitor) -> None:
    visit = visitor()
    page = visit.open_history()
    for name, bucket in (("Month", "3600|7200"), ("Year", "86400"), ("All", "900|1800")):
        span(page, name)
        expect(page.locator(".chart-space")).to_have_attribute("data-bucket", re.compile(bucket))
        assert line_pixels(page, 0.999) > 0 or line_pixels(page, 0.995) > 0
    page.reload()
    expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")
    visit.shows_no_fault()


def test_the_wheel_zooms_to_single_minutes_and_the_mouse_drags(visitor: Visitor) -> None:
    visit = visitor()
    page = visit.open_history()
    box = page.locator(".plot .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60)
    for _ in range(30):
        page.mouse.wheel(0, -300)
    expect(page.locator(".chart-space")).to_have_attribute("data-bucket", "60")
    assert seen_minutes(page) == pytest.approx(10, abs=0.1)
    when = page.locator(".chart-when")
    page.mouse.move(5, 5)
    before = when.inner_text()
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 60, steps=4)
    page.mouse.up()
    page.mouse.move(5, 5)
    expect(when).not_to_have_text(before)
    assert seen_minutes(page) == pytest.approx(10, abs=0.1)
    span(page, "Day")
    visit.shows_no_fault()


def test_two_fingers_pinch_and_one_drags_or_rests_to_read(visitor: Visitor) -> None:
    page = visitor(PHONE).open_history()
    over = page.locator(".plot .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *shares: float) -> None:
        points = [
            {"x": box["x"] + box["width"] * share, "y": box["y"] + 30, "id": number}
            for number, share in enumerate(shares)
        ]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.4, 0.6)
    for spread in (0.15, 0.2, 0.3, 0.4):
        touch("touchMove", 0.5 - spread, 0.5 + spread)
    touch("touchEnd")
    assert seen_minutes(page) < 1440 / 2.5
    when = page.locator(".chart-when")
    whole = when.inner_text()
    touch("touchStart", 0.3)
    touch("touchMove", 0.5)
    touch("touchMove", 0.7)
    touch("touchEnd")
    expect(when).not_to_have_text(whole)
    touch("touchStart", 0.5)
    expect(when).to_have_attribute("data-cursor", "true")
    noted = when.inner_text()
    for share in (0.6, 0.75):
        touch("touchMove", share)
    expect(when).not_to_have_text(noted)
    touch("touchEnd")
    page.touchscreen.tap(20, 400)
    expect(when).to_have_attribute("data-cursor", "false")


def test_the_mouse_reads_out_a_bucket(visitor: Visitor) -> None:
    page = visitor().open_history()
    value = page.locator("[data-channel='battery.power'] .legend-value")
    expect(value).to_contain_text(" to ")
    box = page.locator(".plot .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20)
    # One bucket: its mean, and beside it the lowest and the highest where they differ in two digits.
    expect(value).to_have_text(re.compile(r"^−?\d\.\d\d\skW( \(.*\))?$"))
    # The cursor stands a quarter of a day before the chart's end, in the time zone of the site.
    six_hours_ago = datetime.now(ZoneInfo("Europe/Rome")) - timedelta(hours=6)
    shown = page.locator(".chart-when").inner_text()[-5:]
    minutes_apart = six_hours_ago.hour * 60 + six_hours_ago.minute - int(shown[:2]) * 60 - int(shown[3:])
    assert abs((minutes_apart + 720) % 1440 - 720) <= 15
    page.mouse.move(box["x"] + box["width"] * share_of(RECENT_GAP_START_MINUTES_AGO - 40, 1440), box["y"] + 9)
    expect(value).to_have_text("no data")


def test_keys_walk_move_and_zoom(visitor: Visitor) -> None:
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
    page.keyboard.press("+")
    assert seen_minutes(page) == pytest.approx(1440 * 0.6, abs=1)
    before = when.inner_text()
    page.keyboard.press("Shift+ArrowLeft")
    expect(when).not_to_have_text(before)
    page.keyboard.press("-")
    expect(page.get_by_role("button", name="Earlier")).to_be_enabled()


def test_series_are_chosen_and_kept_in_the_address(visitor: Visitor, world: World) -> None:
    world.solar_age_s = 3.0
    visit = visitor()
    page = visit.open_history()
    lines = page.locator(".history-legend li")
    expect(lines).to_have_count(3)
    page.get_by_text("Choose series").click()
    page.get_by_role("group", name="Battery").get_by_label("Power").uncheck()
    expect(lines).to_have_count(2)
    page.reload()
    expect(page.locator(".plot canvas")).to_be_visible()
    expect(lines).to_have_count(2)
    expect(lines.last).to_contain_text("Solar")
    visit.shows_no_fault()


def test_what_is_seen_is_saved_as_csv_and_as_a_picture(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor().open_history()
    rows = list(csv.reader(io.StringIO(saved(page, "CSV", tmp_path).read_text())))
    assert rows[0][:3] == ["time", "battery.soc mean (%)", "battery.soc min (%)"]
    assert rows[0][-1] == "battery.power max (W)"
    assert 1440 / 5 <= len(rows) - 1 <= 1440 / 2 + 1
    newest = datetime.fromisoformat(rows[-1][0])
    assert datetime.now(UTC) - newest < timedelta(minutes=6)
    assert any(row[1:] == [""] * 6 for row in rows)
    width, height = size_of(saved(page, "PNG", tmp_path).read_bytes())
    assert width > 500
    assert height > 400


def saved(page: Page, kind: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile(f"as {kind}")).click()
    name = waiting.value.suggested_filename
    assert re.fullmatch(rf"stallaini-\d{{8}}T\d{{4}}Z-\d{{8}}T\d{{4}}Z\.{kind.lower()}", name)
    waiting.value.save_as(folder / name)
    return folder / name


def test_what_the_browser_has_is_not_sent_again(visitor: Visitor) -> None:
    visit = visitor()
    page = visit.open_history()
    statuses: list[int] = []
    page.on("response", lambda answer: statuses.append(answer.status) if "/columns" in answer.url else None)
    span(page, "Week")
    span(page, "Day")
    assert len(statuses) <= 1
    assert all("name=battery.soc" in url for url in asked(visit))


def asked(visit: Visit) -> list[str]:
    return [url for url in visit.asked if "/columns" in url]


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
    expect(page.locator(".energy-days li[data-incomplete=true]").first).to_contain_text("recorded")
    assert "In" in days.first.inner_text()
    assert "kWh" in days.first.inner_text()
    visit.shows_no_fault()


def test_energy_comes_by_day_of_a_month_by_month_and_of_each_power(visitor: Visitor, world: World) -> None:
    world.solar_age_s = 3.0
    visit = visitor(PHONE)
    page = visit.open_history()
    energy = page.locator(".energy")
    energy.get_by_role("button", name="Month").click()
    expect(energy.locator("li")).to_have_count(31)
    energy.get_by_role("button", name="Year").click()
    expect(energy.locator("li")).to_have_count(12)
    expect(energy.locator("li").last).to_contain_text(datetime.now(ZoneInfo("Europe/Rome")).strftime("%b"))
    energy.get_by_label("Of").select_option("solar.power")
    expect(energy.locator(".legend")).to_contain_text("Total")
    visit.shows_no_fault()


def test_the_chart_follows_the_theme(visitor: Visitor) -> None:
    page = visitor().open_history()
    share = share_of(3 * 60, 1440)
    assert line_pixels(page, share) > 0
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    assert line_pixels(page, share) > 0
