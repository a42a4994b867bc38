"""Signing in and out on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import PHONE, Visitor
from tests.web.contract_server import NAME, PASSWORD
from tests.web.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def world() -> World:
    return World(login_required=True)


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_wrong_password_is_refused_a_right_one_shows_the_site(visitor: Visitor) -> None:
    visit = visitor(PHONE)
    page = visit.open()
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    sign_in(page, PASSWORD)
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    page.reload()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    visit.shows_no_fault()


def test_too_many_tries_are_told_to_wait(visitor: Visitor, world: World) -> None:
    world.throttled = True
    page = visitor().open()
    sign_in(page, "guess")
    expect(page.get_by_role("alert")).to_contain_text("Wait 30 s")


def test_signing_out_ends_the_stream_and_asks_again(visitor: Visitor, world: World) -> None:
    page = visitor().open()
    sign_in(page, PASSWORD)
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.wait_for_timeout(800)
    assert world.streams == 0
    assert page.context.cookies() == []


def test_a_session_that_ends_meanwhile_leads_back_to_the_form(visitor: Visitor, world: World) -> None:
    page = visitor().open()
    sign_in(page, PASSWORD)
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    page.context.clear_cookies()
    world.unreachable = True
    page.wait_for_timeout(700)
    world.unreachable = False
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_demo_signs_everyone_in_and_offers_no_way_out(visitor: Visitor, world: World) -> None:
    world.login_required = False
    page = visitor().open_live()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
