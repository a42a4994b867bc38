"""The present on the page: live, stale, lost and found again, on a phone and on a desktop."""

from __future__ import annotations

import re
import time
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.world import World

pytestmark = pytest.mark.browser


def power_shown(page: Page) -> str:
    return page.get_by_test_id("power").inner_text()


def powers_seen(page: Page, seconds: float) -> set[str]:
    """The different values of the power that a person sees within some seconds."""
    seen, until = set(), time.monotonic() + seconds
    while time.monotonic() < until:
        seen.add(power_shown(page))
        page.wait_for_timeout(100)
    return seen


def streams_become(page: Page, world: World, count: int) -> bool:
    """Whether so many streams are open, within a while."""
    until = time.monotonic() + 15
    while world.streams != count and time.monotonic() < until:
        page.wait_for_timeout(50)
    return world.streams == count


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_value_changes_each_second(
    visitor: Visitor, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    visit = visitor(size, scheme)
    page = visit.open_live()
    assert len(powers_seen(page, 3.5)) >= 3
    expect(page.locator(".power-way")).to_have_text("Charging")
    expect(page.locator(".power")).to_have_attribute("data-flow", "charging")
    expect(page.locator(".pulse-age")).to_contain_text("s ago")
    expect(page.locator(".flags-none")).to_contain_text("No alarms or warnings")
    visit.shows_no_fault()


def test_the_way_of_the_power_is_said_by_word_colour_and_arrow(visitor: Visitor, world: World) -> None:
    page = visitor().open_live()
    charging = page.locator(".power-way").evaluate("element => getComputedStyle(element).color")
    world.power_w = -860
    expect(page.locator(".power-way")).to_have_text("Discharging")
    expect(page.locator(".flow-icon g")).to_have_attribute("transform", "rotate(180 12 12)")
    assert page.locator(".power-way").evaluate("element => getComputedStyle(element).color") != charging
    assert "−" not in power_shown(page)
    world.power_w = 0
    expect(page.locator(".power-way")).to_have_text("At rest")


def test_values_that_go_stale_lose_their_colour_and_tell_their_age(visitor: Visitor, world: World) -> None:
    visit = visitor(PHONE)
    page = visit.open_live()
    world.fall_silent()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "stale", timeout=9_000)
    last_power = power_shown(page)
    expect(page.locator(".stale-note")).to_contain_text("Last heard")
    expect(page.locator(".stale-note")).to_contain_text("not the present ones")
    for part in (".ring", ".power", ".tile", ".permission"):
        expect(page.locator(part).first).to_have_attribute("data-quality", "stale")
    first_age = page.locator(".pulse-age").inner_text()
    page.wait_for_timeout(2_200)
    assert page.locator(".pulse-age").inner_text() != first_age
    assert power_shown(page) == last_power
    world.speaking = True
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    expect(page.locator(".stale-note")).to_have_count(0)
    visit.shows_no_fault()


def test_old_values_are_never_shown_as_live_not_even_at_first(visitor: Visitor, world: World) -> None:
    world.fall_silent(seconds_ago=740)
    world.raised.add("warning.cell_imbalance")
    visit = visitor(PHONE)
    visit.page.add_init_script("""
        window.states = new Set();
        new MutationObserver(() => {
          const pulse = document.querySelector(".pulse");
          if (pulse) window.states.add(pulse.dataset.state);
        }).observe(document, { subtree: true, childList: true, attributes: true });
    """)
    page = visit.open()
    expect(page.locator(".stale-note")).to_contain_text("12 min ago")
    expect(page.locator(".flag")).to_contain_text("Cell imbalance (when last heard)")
    assert set(page.evaluate("[...window.states]")) == {"wait", "stale"}


def test_a_minute_that_just_ended_is_young_and_yet_not_live(visitor: Visitor, world: World) -> None:
    world.only_minutes = True
    page = visitor(PHONE).open()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "stale")
    expect(page.locator(".pulse-age")).to_have_text(re.compile(r"^\d s ago"))
    expect(page.locator(".ring")).to_have_attribute("data-quality", "stale")


def test_one_silent_device_ages_alone(visitor: Visitor, world: World) -> None:
    world.late_s["temperature"] = 500
    page = visitor().open_live()
    tile = page.locator(".tile", has_text="Temperature")
    expect(tile).to_have_attribute("data-quality", "stale")
    expect(tile).to_contain_text("8 min ago")
    expect(page.locator(".tile", has_text="Voltage")).to_have_attribute("data-quality", "fresh")


def test_alarms_are_told_in_words_the_gravest_first(visitor: Visitor, world: World) -> None:
    page = visitor(PHONE).open_live()
    world.raised |= {"warning.cell_imbalance", "protection.over_temperature", "charge_enabled"}
    expect(page.locator(".flag")).to_have_text(["Protection Over temperature", "Warning Cell imbalance"])
    expect(page.get_by_role("status")).to_contain_text("Protection: Over temperature")
    expect(page.locator(".permission").first).to_have_attribute("data-state", "blocked")
    world.raised.clear()
    expect(page.locator(".flag")).to_have_count(0)


def test_the_page_comes_back_by_itself_when_the_server_does(visitor: Visitor, world: World) -> None:
    visit = visitor()
    page = visit.open_live()
    world.unreachable = True
    expect(page.locator(".pulse")).to_have_attribute("data-state", "stale", timeout=16_000)
    expect(page.locator(".pulse")).to_contain_text("Reconnecting")
    world.unreachable = False
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live", timeout=12_000)
    assert len(powers_seen(page, 2.5)) >= 2
    visit.shows_no_fault()


def test_a_server_that_is_away_at_first_is_told_and_tried_again(visitor: Visitor, world: World) -> None:
    world.unreachable = True
    page = visitor().open()
    expect(page.get_by_role("heading", name="The server cannot be reached")).to_be_visible()
    world.unreachable = False
    page.get_by_role("button", name="Try now").click()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")


def test_a_hidden_page_stops_watching_so_that_the_site_may_rest(visitor: Visitor, world: World) -> None:
    visit = visitor()
    visit.page.clock.install()
    page = visit.open_live()
    assert streams_become(page, world, 1)
    hide = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(f"Object.defineProperty(document, 'hidden', {{ value: true, configurable: true }}); {hide}")
    page.clock.run_for(21_000)
    assert streams_become(page, world, 0)
    page.evaluate(f"Object.defineProperty(document, 'hidden', {{ value: false }}); {hide}")
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    assert streams_become(page, world, 1)


def test_a_site_that_never_spoke_says_so_and_appears_with_its_first_words(
    visitor: Visitor, world: World
) -> None:
    world.heard_before = False
    page = visitor(PHONE).open()
    expect(page.get_by_role("heading", name="Never heard")).to_be_visible()
    world.heard_before = True
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live", timeout=15_000)
    expect(page.get_by_test_id("soc")).to_be_visible()


def test_one_of_several_sites_is_picked_and_stays_in_the_address(visitor: Visitor, world: World) -> None:
    world.titles = {"casa": "Casa Rossa", "noto": "A very long name of a holiday home in Contrada Stallaini"}
    visit = visitor(PHONE)
    page = visit.open_live()
    page.get_by_label("Site").select_option("noto")
    expect(page).to_have_title(re.compile("A very long name"))
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    assert "site=noto" in page.url
    page.reload()
    expect(page.get_by_label("Site")).to_have_value("noto")
    visit.shows_no_fault()


def test_no_site_at_all_is_explained(visitor: Visitor, world: World) -> None:
    world.titles = {}
    page = visitor().open()
    expect(page.get_by_role("heading", name="No site yet")).to_be_visible()
    expect(page.locator(".pulse")).to_have_count(0)


def test_italian_where_the_browser_is_italian_and_english_on_request(visitor: Visitor) -> None:
    page = visitor(PHONE, locale="it-IT").open_live()
    expect(page.locator(".power-way")).to_have_text("In carica")
    assert "." in power_shown(page)
    assert page.evaluate("document.documentElement.lang") == "it"
    page.get_by_role("button", name="English").click()
    expect(page.locator(".power-way")).to_have_text("Charging")
    page.reload()
    expect(page.locator(".power-way")).to_have_text("Charging")


def test_every_reading_is_listed_with_its_age(visitor: Visitor) -> None:
    page = visitor(PHONE).open_live()
    page.get_by_text("All readings").click()
    row = page.get_by_role("row").filter(has_text="Charge voltage limit").first
    expect(row).to_contain_text("53.2\u00a0V")
    expect(row).to_contain_text("s ago")
    expect(page.get_by_role("row").filter(has_text="Cell voltage min")).to_contain_text("not reported")


def test_a_device_asked_now_and_then_stays_live_between_and_turns_stale_alone(
    visitor: Visitor, world: World
) -> None:
    world.solar_age_s = 20.0
    page = visitor(PHONE).open_live()
    page.get_by_text("All readings").click()
    page.locator(".readings-device summary", has_text="Solar").click()
    mode = page.get_by_role("row").filter(has_text="Mode")
    expect(mode).to_contain_text("curtailed: voltage")
    expect(mode).to_have_attribute("data-quality", "fresh")
    world.solar_age_s = 95.0
    for row in (mode, page.get_by_role("row").filter(has_text="1,150")):
        expect(row).to_have_attribute("data-quality", "stale")
        expect(row).to_contain_text("1 min ago")
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    expect(page.locator(".tile", has_text="Voltage")).to_have_attribute("data-quality", "fresh")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_device_beside_the_battery_has_a_card_with_its_state_and_its_values(
    visitor: Visitor, world: World, size: tuple[int, int]
) -> None:
    world.solar_age_s = 8.0
    visit = visitor(size)
    page = visit.open_live()
    card = page.get_by_role("article", name="Solar")
    expect(card.locator(".device-state")).to_have_text("curtailed: voltage")
    expect(card.locator(".facts")).to_contain_text("1,150\u00a0W")
    expect(page.locator(".battery")).to_have_count(1)
    world.solar_age_s = 95.0
    expect(card.locator(".facts [data-quality=stale]")).to_have_count(1)
    expect(card).to_contain_text("1 min ago")
    visit.shows_no_fault()
