"""What the browser keeps of the page, and for whom."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Visitor
from tests.web.visit import wait_until_kept
from tests.web.world import World

pytestmark = pytest.mark.browser


def test_who_signed_out_leaves_nothing_behind(visitor: Visitor, world: World) -> None:
    world.login_required = True
    page = visitor().open()
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("sole e mare")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    wait_until_kept(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("localStorage.getItem('stallaini.last')") is None


def test_hashed_files_come_from_the_browser_the_second_time(visitor: Visitor) -> None:
    visit = visitor()
    page = visit.open_live()
    wait_until_kept(page)
    page.reload()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter((e) => e.name.includes('/assets/'))"
        ".map((e) => e.transferSize)"
    )
    assert sizes
    assert sum(sizes) == 0
