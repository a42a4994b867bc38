"""Without a network: the page opens all the same, with what was last known and how old that is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import PHONE, Visitor
from tests.web.world import World

pytestmark = pytest.mark.browser

# The frame is kept once the service worker has read it; the state, once both are told.
_KEPT = """
async () => {
  await navigator.serviceWorker.ready;
  for (;;) {
    const frame = await caches.match("/");
    if (frame && localStorage.getItem("stallaini.last")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
"""


def open_and_leave(page: Page) -> None:
    page.evaluate(_KEPT)
    page.context.set_offline(True)


def test_the_first_load_without_network_shows_the_last_state_with_its_age(
    visitor: Visitor, world: World
) -> None:
    visit = visitor(PHONE)
    page = visit.open_live()
    soc = page.get_by_test_id("soc").first.inner_text()
    open_and_leave(page)
    # Left first: a stream that is open may bring one more word, two hours late.
    page.goto("about:blank")
    page.clock.install()
    page.clock.fast_forward(2 * 3600 * 1000)
    visit.open()
    expect(page.get_by_test_id("soc").first).to_have_text(soc)
    expect(page.locator(".pulse")).not_to_have_attribute("data-state", "live")
    expect(page.locator(".pulse")).to_contain_text("2 h ago")
    page.context.set_offline(False)
    world.fall_silent()
    world.speaking = True
    expect(page.locator(".pulse")).not_to_contain_text("2 h ago")


def test_who_signed_out_leaves_nothing_behind(visitor: Visitor, world: World) -> None:
    world.login_required = True
    page = visitor().open()
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("sole e mare")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    page.evaluate(_KEPT)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("localStorage.getItem('stallaini.last')") is None


def test_hashed_files_come_from_the_browser_the_second_time(visitor: Visitor) -> None:
    visit = visitor()
    page = visit.open_live()
    page.evaluate(_KEPT)
    page.reload()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter((e) => e.name.includes('/assets/'))"
        ".map((e) => e.transferSize)"
    )
    assert sizes
    assert sum(sizes) == 0
