"""What an admin sets on the page, on the real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.real_site import RealSite, entered

pytestmark = pytest.mark.browser


@pytest.fixture
def url(real_site: RealSite) -> str:
    return real_site.url


def turns(page: Page) -> list[tuple[str, list[str]]]:
    """Who is told, as it stands on the page: when, and who then."""
    return [
        (turn.locator(".told-when").inner_text(), turn.locator("b").all_inner_texts())
        for turn in page.locator(".told-turns > li").all()
    ]


def test_who_is_told_and_in_which_order_is_chosen_on_the_page(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    page = entered(visit, place="page=settings")
    told = page.get_by_role("group", name="Who is told")
    expect(told).to_contain_text("Everybody who may steer the site, by Telegram.")
    told.get_by_role("button", name="Choose who").click()
    expect(told.locator(".told-person")).to_have_count(2)
    assert turns(page) == [("At once", ["anna", "bruno"])]
    later = told.get_by_role("button", name="Tell bruno later")
    later.click()
    expect(told.locator(".told-when")).to_have_text(["At once", "After 15 min"])
    assert turns(page) == [("At once", ["anna"]), ("After 15 min", ["bruno"])]
    expect(later).to_be_disabled()
    expect(told.get_by_role("button", name="Tell bruno earlier")).to_be_focused()
    how = told.get_by_role("group", name="How bruno is told")
    how.get_by_role("button", name="E-mail").click()
    expect(how.get_by_role("button", name="E-mail")).to_have_attribute("aria-pressed", "true")
    told.get_by_label("What bruno is told").select_option("critical alarms alone")
    page.get_by_label("Next person after (min)").fill("20")
    page.get_by_role("region", name="Alarms of The lab").get_by_role("button", name="Save").click()
    expect(told.locator(".told-when")).to_have_text(["At once", "After 20 min"])
    told.get_by_role("button", name="Remove anna").click()
    told.get_by_role("button", name="Sure? anna").click()
    expect(told.locator(".told-person")).to_have_count(1)

    page.reload()
    expect(told.locator(".told-person")).to_have_count(1)
    assert turns(page) == [("At once", ["bruno"])]
    expect(how.get_by_role("button", name="E-mail")).to_have_attribute("aria-pressed", "true")
    expect(told.get_by_label("What bruno is told")).to_have_value("critical")
    told.get_by_label("Tell somebody more").select_option("anna")
    expect(told.locator(".told-when")).to_have_text(["At once", "After 20 min"])
    told.get_by_role("button", name="Tell everybody who may steer").click()
    told.get_by_role("button", name="Sure?").click()
    expect(told).to_contain_text("Everybody who may steer the site, by Telegram.")
    visit.shows_no_fault()


def test_an_operator_sets_the_mute_and_nothing_else_of_it(visitor: Visitor) -> None:
    page = entered(visitor(DESKTOP), "bruno", "page=settings")
    telling = page.get_by_role("region", name="Alarms of The lab")
    expect(telling.get_by_role("button", name=re.compile("Silent for"))).to_be_visible()
    expect(telling.get_by_text("Quiet hours")).to_have_count(0)
    expect(page.get_by_role("group", name="Who is told")).to_have_count(0)
