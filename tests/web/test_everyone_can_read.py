"""That everyone can read each page: axe at a phone's and a desk's width, by day and by night."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from tests.support.web_build import WEB
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.contract_commands import made_command
from tests.web.contract_people import CODE
from tests.web.contract_server import COOKIE
from tests.web.made_house import MadeHouse
from tests.web.visit import Visit
from tests.web.world import World

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
AA_CONTRAST = 4.5
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_FOUND = "axe.run().then((report) => report.violations)"

Prepare = Callable[[World], None]
Opened = Callable[[Visit], Page]


def everything_at_once(world: World) -> None:
    """Alarms of every kind, people of every kind, two sites: each part of each page has something to show."""
    world.titles = {"stallaini": "Stallaini", "casa": "Casa Rossa"}
    world.raised |= {"warning.cell_imbalance", "alarm.high_temperature", "charge_enabled"}
    world.alarms.raise_("soc_very_low")
    world.alarms.raise_("battery_warning_cell_imbalance", state="acknowledged", acknowledged_by="bruno")
    world.alarms.raise_("soc_low", state="snoozed", snoozed_by="anna", snoozed_until="2030-01-01T00:00:00Z")
    world.alarms.clear(world.alarms.raise_("generator_running"))
    world.commands += [
        made_command("load.run", {"load": "well_pump", "minutes": 15}, "refused", reason="the sun is low"),
        made_command("load.stop", {"load": "water_heater"}, "done"),
    ]
    world.people.make_token({"label": "grafana", "role": "viewer", "site": "*"})
    world.people.telling["told"] = [
        {"person": name, "ways": ["telegram"], "severity": "warning", "turn": turn, "digest": ["day"]}
        for turn, name in enumerate(("anna", "bruno", "somebody who left"))
    ]
    world.people.invite({"role": "viewer", "site": "stallaini"})


def stale(world: World) -> None:
    everything_at_once(world)
    world.fall_silent(seconds_ago=400)


def without_charge(world: World) -> None:
    world.unreported |= {"soc", "power"}


def never_heard(world: World) -> None:
    world.heard_before = False


def viewer(world: World) -> None:
    everything_at_once(world)
    world.role = "viewer"


def demo(world: World) -> None:
    world.login_required = False


def at(name: str, seen: str) -> Opened:
    """A page, and what is there once all of it is."""

    def opened(visit: Visit) -> Page:
        visit.page.context.add_cookies([{"name": COOKIE, "value": "1", "url": visit.url}])
        page = visit.open(f"page={name}")
        expect(page.locator("main")).to_have_attribute("data-page", name)
        expect(page.locator(seen).first).to_be_visible()
        return page

    return opened


def all_readings(visit: Visit) -> Page:
    page = at("now", ".ring")(visit)
    page.get_by_text("All readings").click()
    return page


def load_asked(visit: Visit) -> Page:
    page = at("loads", ".load")(visit)
    page.get_by_role("button", name="Run Well pump").click()
    return page


def secrets(visit: Visit) -> Page:
    page = at("settings", "#setting-telegram")(visit)
    page.get_by_role("region", name="Invite").get_by_role("button", name="Invite").click()
    page.get_by_role("region", name="People").get_by_role("button", name="Remove bruno").click()
    expect(page.locator(".secret")).to_have_count(1)
    return page


def refused(visit: Visit) -> Page:
    page = form(visit)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    return page


def form(visit: Visit) -> Page:
    page = visit.open()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    return page


def invitation(code: str, seen: str) -> Opened:
    def opened(visit: Visit) -> Page:
        visit.page.goto(f"{visit.url}/join#{code}")
        expect(visit.page.get_by_role("heading", name=seen)).to_be_visible()
        return visit.page

    return opened


PLACES: dict[str, tuple[Prepare, Opened]] = {
    "now": (everything_at_once, all_readings),
    "now, stale": (stale, all_readings),
    "now, no charge known": (without_charge, at("now", ".ring")),
    "now, never heard": (never_heard, at("now", ".message")),
    "history": (everything_at_once, at("history", ".plot canvas")),
    "loads": (everything_at_once, at("loads", ".load")),
    "loads, asked": (everything_at_once, load_asked),
    "loads, stale": (stale, at("loads", ".load")),
    "alarms": (everything_at_once, at("alarms", ".alarms-past")),
    "alarms, viewer": (viewer, at("alarms", ".alarms-past")),
    "data": (everything_at_once, at("data", ".budget")),
    "site": (everything_at_once, at("site", ".diagram img")),
    "settings": (everything_at_once, at("settings", "#setting-telegram")),
    "settings, viewer": (viewer, at("settings", "#setting-telegram")),
    "settings, demo": (demo, at("settings", "#setting-language")),
    "settings, with secrets": (everything_at_once, secrets),
    "audit": (everything_at_once, at("audit", ".audit li")),
    "audit, viewer": (viewer, at("audit", ".message")),
    "sites": (everything_at_once, at("sites", ".site-card")),
    "more": (everything_at_once, at("more", ".more a")),
    "login": (everything_at_once, form),
    "login, refused": (everything_at_once, refused),
    "join": (everything_at_once, invitation(CODE, "You are invited")),
    "join, too late": (everything_at_once, invitation("old", "does not hold")),
}


@pytest.fixture
def world() -> World:
    """A whole house; anna administers it."""
    return World(house=MadeHouse(), login_required=True, role="admin")


@pytest.mark.browser
@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing_to_mend(visitor: Visitor, world: World, place: str) -> None:
    prepare, opened = PLACES[place]
    prepare(world)
    page = opened(visitor(PHONE, bypass_csp=True, reduced_motion="reduce"))
    page.add_script_tag(path=AXE)
    for (width, height), scheme in itertools.product((PHONE, DESKTOP), SCHEMES):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(_FOUND)
        told = [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]
        assert told == [], f"{place} at {width} px, {scheme}"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width


@pytest.mark.browser
def test_tab_reaches_what_can_be_done_and_skips_to_the_values(visitor: Visitor, world: World) -> None:
    world.house, world.login_required = None, False
    page = visitor().open_live()
    focused = "document.activeElement.textContent || document.activeElement.className"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Skip to the values"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "All readings"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Now"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="History").first).to_be_focused()


def test_colours_of_both_themes_reach_aa_contrast() -> None:
    themes = _themes((WEB / "src/style/base.css").read_text())
    assert len(themes) == 2
    for colours in themes:
        grounds = ("card", "ground")
        pairs = [(text, ground) for text in ("ink", "soft", "stale") for ground in grounds]
        pairs += [(text, "card") for text in ("charge", "discharge", "soc", "warning", "alarm")]
        pairs += [("alarm", "alarm-ground"), ("warning", "warning-ground")]
        poor = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
        assert {pair: ratio for pair, ratio in poor.items() if ratio < AA_CONTRAST} == {}


def _themes(css: str) -> list[dict[str, str]]:
    """The colours of the light theme, and of the dark one over it."""
    blocks = re.findall(r":root \{(.*?)\n\s*\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in blocks)
    return [light, light | dark]


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
