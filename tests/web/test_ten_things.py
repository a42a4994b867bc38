"""The ten things people do most, each from the browser to the store of a real server and back."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect
from tests.support.png import size_of
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.real_site import RealSite, entered, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def url(real_site: RealSite) -> str:
    return real_site.url


def test_1_open_the_page_and_see_charge_flow_and_age(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    page = sign_in(visit.open())
    expect(page.get_by_test_id("soc")).to_have_text("62%")
    expect(page.locator(".power-way")).to_have_text("Charging")
    expect(page.locator(".flow-line[data-place=sun]")).to_have_attribute("data-way", "in")
    expect(page.locator(".flow-line[data-place=battery]")).to_have_attribute("data-way", "out")
    expect(page.locator(".flow-spot[data-place=house]")).to_contain_text("290")
    expect(page.locator(".pulse-age")).to_have_text(re.compile(r"^[0-2] s ago$"))
    first = page.get_by_test_id("power").inner_text()
    expect(page.get_by_test_id("power")).not_to_have_text(first, timeout=3_000)
    visit.asked.clear()
    page.reload()
    expect(page.get_by_test_id("soc")).to_have_text("62%")
    told_by_the_frame = {f"{visit.url}/api/v1/{path}" for path in ("session", "sites", "sites/lab")}
    assert not told_by_the_frame & set(visit.asked)
    visit.shows_no_fault()


def test_2_sign_in_and_out(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    page = sign_in(visit.open(), password="wrong")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    sign_in(page)
    expect(page.get_by_role("heading", name="The lab")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    visit.shows_no_fault()


def test_3_look_at_yesterday_and_zoom_in_to_minutes(visitor: Visitor) -> None:
    page = entered(visitor(DESKTOP))
    page.get_by_role("link", name="History").click()
    expect(page.locator(".plot canvas")).to_be_visible()
    expect(page.locator(".legend-value").first).to_contain_text("20 to 80")
    expect(page.locator(".energy-days li").last).not_to_contain_text("–")
    page.get_by_role("button", name="Earlier").click()
    expect(page.locator(".chart-when")).to_contain_text("14 Nov")
    space = page.locator(".chart-space")
    for _ in range(40):
        if space.get_attribute("data-bucket") == "60":
            break
        page.get_by_role("button", name="Zoom in").click()
        page.wait_for_timeout(100)
    expect(space).to_have_attribute("data-bucket", "60")


def test_4_take_what_is_seen_along_as_csv_and_png(visitor: Visitor) -> None:
    page = entered(visitor(PHONE), place="page=history")
    expect(page.locator(".plot canvas")).to_be_visible()
    with page.expect_download() as table:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.reader(table.value.path().read_text().splitlines()))
    assert any("soc" in cell.casefold() for cell in rows[0]), rows[0]
    assert len(rows) > 100
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").click()
    assert size_of(picture.value.path().read_bytes())[0] > 300


def test_5_take_care_of_an_alarm_and_all_see_who_does(visitor: Visitor, real_site: RealSite) -> None:
    page, other = entered(visitor(PHONE)), entered(visitor(DESKTOP), "bruno", "page=alarms")
    expect(other.get_by_role("heading", name="No open alarms")).to_be_visible()
    real_site.happens("alarm.raised", rule="soc_low", severity="warning", value=19.5)
    expect(other.locator(".alarm")).to_contain_text("Battery low", timeout=10_000)
    page.get_by_role("link", name=re.compile("Alarms")).click()
    page.get_by_role("button", name="I take care of it: Battery low").click()
    expect(page.locator(".alarm")).to_contain_text("anna takes care of it")
    expect(other.locator(".alarm")).to_contain_text("anna takes care of it", timeout=10_000)
    page.reload()
    expect(page.locator(".alarm")).to_contain_text("anna takes care of it")
    real_site.happens("alarm.cleared", rule="soc_low", value=25.0, lasted_s=1)
    expect(other.get_by_role("heading", name="No open alarms")).to_be_visible(timeout=10_000)
    expect(other.locator(".alarms-past")).to_contain_text("Battery low")


def test_6_silence_an_alarm_and_mute_the_site(visitor: Visitor, real_site: RealSite) -> None:
    page, other = (
        entered(visitor(PHONE), "bruno", "page=alarms"),
        entered(visitor(DESKTOP), "anna", "page=alarms"),
    )
    real_site.happens("alarm.raised", rule="soc_very_low", severity="critical", value=9.0)
    expect(page.locator(".alarm")).to_contain_text("Battery nearly empty", timeout=10_000)
    page.get_by_label("Silence for: Battery nearly empty").select_option("1 hour")
    expect(page.locator(".alarm")).to_contain_text("Silent until 14:0")
    expect(other.locator(".alarm")).to_contain_text("says bruno", timeout=10_000)
    page.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Silent for 1 hour").click()
    expect(page.get_by_text("Silent until Mon 16 Nov, 14:0")).to_be_visible()
    other.get_by_role("link", name="Settings").click()
    expect(other.get_by_text("Silent until Mon 16 Nov, 14:0")).to_be_visible()
    other.get_by_role("button", name="Tell again").click()
    expect(other.get_by_role("button", name="Silent for 1 hour")).to_be_visible()
    real_site.happens("alarm.cleared", rule="soc_very_low", value=25.0, lasted_s=1)
