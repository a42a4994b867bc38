"""What an admin sets on the page, on the real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.real_site import RealSite, entered, sign_in

pytestmark = pytest.mark.browser

CHANGES_HER_MIND = """
async (times) => {
  const headers = { "content-type": "application/json", "x-stallaini": "1" };
  for (let time = 0; time < times; time += 1) {
    const body = JSON.stringify({ language: time % 2 ? "en" : "it" });
    await fetch("/api/v1/account", { method: "PATCH", headers, body });
  }
}
"""


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


def test_an_admin_reads_who_came_in_and_what_changed_page_by_page(visitor: Visitor) -> None:
    stranger = visitor(PHONE)
    sign_in(stranger.open(), "bruno", "guessed")
    expect(stranger.page.get_by_role("alert")).not_to_be_empty()
    visit = visitor(DESKTOP)
    page = entered(visit, place="page=settings")
    page.get_by_label("Role of bruno at The lab").select_option("Viewer")
    expect(page.get_by_label("Role of bruno at The lab")).to_have_value("viewer")
    page.get_by_label("Role of bruno at The lab").select_option("Operator")
    page.get_by_role("button", name="Silent for 1 hour").click()
    page.get_by_role("button", name="Tell again").click()
    expect(page.get_by_role("button", name="Silent for 1 hour")).to_be_visible()
    page.get_by_role("region", name="What happened").get_by_role("link", name="Show").click()
    lines = page.locator(".audit li")
    expect(lines.nth(0)).to_contain_text("anna ended the mute of The lab")
    expect(lines.nth(1)).to_contain_text("anna muted the alarms of The lab until Mon 16 Nov, 14:0")
    expect(lines.nth(2)).to_contain_text("anna made bruno operator of The lab")
    expect(lines.nth(3)).to_contain_text("anna made bruno viewer of The lab")
    expect(lines.nth(4)).to_contain_text("anna signed in")
    expect(lines.nth(4)).to_contain_text("on the page · 127.0.0.1")
    expect(lines.nth(5)).to_have_text(re.compile("^A sign-in as bruno was refused"))
    assert page.get_by_role("link", name="Settings").get_attribute("aria-current") == "page"
    visit.shows_no_fault()


def test_a_long_past_comes_a_page_at_a_time_in_any_language(visitor: Visitor) -> None:
    page = entered(visitor(PHONE))
    page.evaluate(CHANGES_HER_MIND, 60)
    page.get_by_role("button", name="Italiano").click()
    page.evaluate("location.hash = 'page=audit'")
    expect(page.locator(".audit li")).to_have_count(50)
    expect(page.locator(".audit li").first).to_contain_text("anna ha scelto un’altra lingua")
    page.get_by_role("button", name="Più vecchi").click()
    expect(
        page.locator(".audit li", has_text="Il gestore ha reso anna amministratore di ogni impianto")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Più vecchi")).to_have_count(0)


def test_who_administers_nothing_is_shown_no_past(visitor: Visitor) -> None:
    page = entered(visitor(PHONE), "bruno", "page=audit")
    expect(page.get_by_role("heading", name="For admins")).to_be_visible()
