"""The ten things people do most, each from the browser to the store of a real server and back."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect
from tests.support.png import size_of
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.real_site import RealSite, entered, sign_in
from tests.web.visit import drawn_width, wait_until_kept

from stallaini.link.messages import Scalar

pytestmark = pytest.mark.browser


@pytest.fixture
def url(real_site: RealSite) -> str:
    return real_site.url


def test_1_open_the_page_and_see_charge_flow_and_age(visitor: Visitor, real_site: RealSite) -> None:
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
    real_site.speaking = False
    expect(page.locator(".pulse")).to_have_attribute("data-state", "stale", timeout=20_000)
    expect(page.locator(".stale-note")).to_contain_text("Last heard 13:0")
    real_site.speaking = True
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live", timeout=20_000)
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


def test_7_ask_a_load_to_run_and_see_why_it_does_not(visitor: Visitor, real_site: RealSite) -> None:
    visit = visitor(PHONE)
    page, other = entered(visit, "bruno"), entered(visitor(DESKTOP), "anna", "page=loads")
    others = other.locator(".load", has_text="Well pump")
    expect(others).to_contain_text("off")
    page.get_by_role("link", name="Loads").click()
    pump = page.locator(".load", has_text="Well pump")
    expect(pump).to_contain_text("off")
    pump.get_by_role("button", name="Run Well pump").click()
    expect(pump.get_by_text("Run Well pump? For how long?")).to_be_visible()
    pump.get_by_role("button", name="15 min").click()
    how = pump.get_by_role("status")
    expect(how).to_contain_text("Run for 15 min, asked by bruno at 13:0")
    expect(how).to_contain_text("the site refused", timeout=15_000)
    expect(how).to_contain_text("this site knows no 'load.run'")
    real_site.minute_ends()
    expect(others).to_contain_text("asked by bruno", timeout=10_000)
    page.reload()
    expect(how).to_contain_text("the site refused")
    visit.shows_no_fault()


def test_8_look_at_the_data_plan(visitor: Visitor, real_site: RealSite) -> None:
    plan: dict[str, Scalar] = {"plan": 20_000_000, "billing_day": 10, "mode": "auto", "interval_s": 60}
    live: dict[str, Scalar] = {"live": True, "live_price": 1400, "interface": "wwan0"}
    used: dict[str, Scalar] = {"telemetry": 40_000, "other": 5_000, "up": 30_000, "down": 15_000}
    real_site.happens("link.usage", day="2026-11-16", **plan, **live, **used)
    visit = visitor(PHONE)
    page = entered(visit)
    page.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Data").click()
    card = page.locator(".budget")
    expect(card).to_contain_text("45.0 kB of 20 MB this month", timeout=20_000)
    expect(card).to_contain_text("A message every minute · automatic")
    expect(card).to_contain_text("Readings 40.0 kB · Others 5.0 kB")
    expect(card).to_contain_text("Live values cost 1.4 kB a minute")
    visit.shows_no_fault()


def test_9_invite_somebody_who_joins_and_looks(visitor: Visitor) -> None:
    page = entered(visitor(DESKTOP), place="page=settings")
    inviting = page.get_by_role("region", name="Invite")
    inviting.get_by_label("Site").select_option("The lab")
    inviting.get_by_role("button", name="Invite").click()
    link = inviting.locator("code").inner_text()
    joining = visitor(PHONE)
    joining.page.goto(link)
    expect(joining.page.get_by_text("As viewer of")).to_be_visible()
    joining.page.get_by_label("Name").fill("carla")
    joining.page.get_by_label("Password").fill("vento e sale, sole e mare")
    joining.page.get_by_role("button", name="Make the account").click()
    expect(joining.page.locator(".pulse")).to_have_attribute("data-state", "live")
    expect(joining.page.get_by_role("heading", name="The lab")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Role of carla at The lab")).to_have_value("viewer")
    joining.shows_no_fault()


def test_10_open_the_page_without_network_and_see_the_last_known_state(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    page = entered(visit)
    soc = page.get_by_test_id("soc").inner_text()
    wait_until_kept(page)
    # Now the frame comes with what is known in it, true for this once: that must not be kept.
    page.reload()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    page.wait_for_timeout(500)
    kept = page.evaluate("caches.match('/').then((frame) => frame.text())")
    assert '<script id="start" type="application/json"></script>' in kept
    page.context.set_offline(True)
    # Left first: a stream that is open may bring one more word, two hours late.
    page.goto("about:blank")
    page.clock.install()
    page.clock.fast_forward(2 * 3600 * 1000)
    visit.open()
    expect(page.get_by_test_id("soc")).to_have_text(soc)
    expect(page.locator(".pulse")).not_to_have_attribute("data-state", "live")
    expect(page.locator(".pulse")).to_contain_text("2 h ago")
    page.context.set_offline(False)
    expect(page.locator(".pulse")).not_to_contain_text("2 h ago")


def test_and_change_the_language_and_look_at_the_diagram(visitor: Visitor) -> None:
    visit = visitor(DESKTOP, "dark")
    page = entered(visit)
    page.get_by_role("button", name="Italiano").click()
    page.get_by_role("link", name="Impianto").click()
    drawing = page.get_by_role("img", name="Schema unifilare di The lab")
    expect(drawing).to_be_visible()
    assert drawn_width(drawing) > 300
    page.reload()
    expect(page.get_by_role("heading", name="Impianto")).to_be_visible()
    visit.shows_no_fault()
