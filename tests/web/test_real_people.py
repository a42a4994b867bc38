"""People on the real server: an admin invites by the page, and who is invited joins and looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.serving import PASSWORD
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.test_real_server import RealSite

pytestmark = pytest.mark.browser


@pytest.fixture
def url(tmp_path: Path, static: Path) -> Iterator[str]:
    with RealSite(tmp_path, static, role="admin").running() as site:
        yield site.url


def test_an_admin_invites_and_who_is_invited_joins_and_looks(visitor: Visitor) -> None:
    visit = visitor(DESKTOP)
    page = visit.open("page=settings")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    invite = page.get_by_role("region", name="Invite")
    invite.get_by_role("button", name="Invite").click()
    link = invite.locator("code").inner_text()
    page.get_by_label("ntfy topic").fill("casa-7")
    page.get_by_role("button", name="Silent for 1 hour").click()
    expect(page.get_by_text("Silent until")).to_be_visible()
    page.get_by_label("What for").fill("grafana")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_role("region", name="Tokens for programs").locator("code")).to_contain_text("st_")
    expect(page.get_by_role("region", name="Where you are signed in")).to_contain_text("this browser")
    page.get_by_role("link", name="Site").click()
    expect(page.locator(".diagram img")).not_to_have_js_property("naturalWidth", 0)
    visit.shows_no_fault()

    guest = visitor(PHONE)
    guest.page.goto(link)
    guest.page.get_by_label("Name").fill("bruno")
    guest.page.get_by_label("Password").fill("vento e sale sul tetto")
    guest.page.get_by_role("button", name="Make the account").click()
    expect(guest.page.locator(".pulse")).to_have_attribute("data-state", "live")
    guest.page.get_by_role("link", name="Alarms").click()
    expect(guest.page.get_by_role("heading", name="No open alarms")).to_be_visible()
    guest.page.get_by_role("link", name="More").click()
    guest.page.get_by_role("link", name="Settings").click()
    expect(guest.page.get_by_text("Viewer of every site")).to_be_visible()
    expect(guest.page.get_by_role("region", name="People")).to_have_count(0)
    guest.shows_no_fault()
    page.reload()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("region", name="People")).to_contain_text("bruno")
