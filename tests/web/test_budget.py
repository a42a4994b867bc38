"""The data plan on the page: what was used, where it leads, what live values cost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_tells_month_today_forecast_and_the_price_of_live_values(
    visitor: Visitor, size: tuple[int, int], scheme: str
) -> None:
    visit = visitor(size, scheme)
    card = visit.open_live("page=data").locator(".budget")
    expect(card).to_contain_text("3.41 MB of 20 MB this month")
    expect(card).to_contain_text("A message every minute · automatic")
    expect(card).to_contain_text("81.2 kB")
    expect(card).to_contain_text("6.60 MB")
    expect(card).to_contain_text("Live values cost 2.2 kB a minute")
    expect(card).to_contain_text("Readings 1.91 MB · Answers 1.45 MB · Others 50.0 kB")
    expect(card.locator(".budget-bar")).to_have_attribute("data-over", "false")
    visit.shows_no_fault()


def test_a_plan_that_will_not_do_is_seen_and_live_values_are_said_to_be_declined(
    visitor: Visitor, world: World
) -> None:
    world.used_bytes, world.forecast_bytes, world.live_allowed = 18_000_000, 31_000_000, False
    visit = visitor(PHONE, locale="it-IT")
    card = visit.open_live("page=data").locator(".budget")
    expect(card).to_contain_text("18,0 MB di 20 MB questo mese")
    expect(card).to_contain_text("Il piano ora non regge i valori in diretta (2,2 kB al minuto)")
    expect(card).to_contain_text("740 kB di valori in diretta")
    expect(card.locator(".budget-bar")).to_have_attribute("data-over", "true")
    visit.shows_no_fault()


def test_a_site_that_has_told_nothing_has_no_card(visitor: Visitor, world: World) -> None:
    world.plan_bytes = None
    visit = visitor()
    visit.open_live("page=data")
    expect(visit.page.locator(".budget")).to_have_count(0)
    visit.shows_no_fault()
