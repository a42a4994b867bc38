"""What the page weighs, how steady it stands, and that everyone can read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.support.web_build import WEB
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.world import World

FIRST_LOAD_BYTES = 60_000
AA_CONTRAST = 4.5


@pytest.mark.browser
def test_everything_the_first_load_needs_is_at_most_60_kb_compressed(visitor: Visitor, static: Path) -> None:
    visit = visitor(PHONE)
    page = visit.open_live()
    page.wait_for_timeout(500)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    asked = [urlsplit(url).path.lstrip("/") or "index.html" for url in visit.asked if "/api/" not in url]
    # What the browser asks beside the page itself.
    paths = {*asked, "sw.js", "manifest.webmanifest", "icon.svg"}
    sizes = {path: (static / f"{path}.br").stat().st_size for path in paths}
    assert len(sizes) > 5
    assert sum(sizes.values()) <= FIRST_LOAD_BYTES, sizes


def test_assets_are_named_by_what_is_in_them(static: Path) -> None:
    hashed = re.compile(r"-[\w-]{8}\.(js|css|svg)(\.br)?$")
    assert all(hashed.search(file.name) for file in (static / "assets").iterdir())


def test_the_page_runs_under_the_strictest_content_policy(static: Path) -> None:
    index = (static / "index.html").read_text()
    assert "<style" not in index
    assert not re.search(r"<script(?![^>]*\bsrc=)", index)
    assert "://" not in index


@pytest.mark.browser
@pytest.mark.parametrize("solar_age_s", [None, 5.0], ids=["battery", "more-devices"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_jumps_while_the_page_loads(
    visitor: Visitor, world: World, size: tuple[int, int], solar_age_s: float | None
) -> None:
    world.solar_age_s = solar_age_s
    visit = visitor(size)
    visit.page.add_init_script("""
        window.shifted = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shifted += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
    """)
    page = visit.open_live()
    page.wait_for_timeout(1_500)
    assert page.evaluate("window.shifted") < 0.02


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["live", "stale"])
def test_axe_finds_nothing_to_mend(
    visitor: Visitor, world: World, scheme: Literal["light", "dark"], state: str
) -> None:
    world.raised |= {"warning.cell_imbalance", "alarm.high_temperature", "charge_enabled"}
    if state == "stale":
        world.fall_silent(seconds_ago=400)
    visit = visitor(PHONE, scheme, bypass_csp=True)
    page = visit.open()
    expect(page.locator(".pulse")).to_have_attribute("data-state", state)
    page.get_by_text("All readings").click()
    page.add_script_tag(path=WEB / "node_modules" / "axe-core" / "axe.min.js")
    found = page.evaluate("axe.run().then((report) => report.violations)")
    assert [f"{each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in found] == []


@pytest.mark.browser
def test_the_form_to_sign_in_can_be_read_by_everyone(visitor: Visitor, world: World) -> None:
    world.login_required = True
    page = visitor(PHONE, bypass_csp=True).open()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.add_script_tag(path=WEB / "node_modules" / "axe-core" / "axe.min.js")
    assert page.evaluate("axe.run().then((report) => report.violations.map((each) => each.id))") == []


@pytest.mark.browser
def test_tab_reaches_what_can_be_done_and_skips_to_the_values(visitor: Visitor) -> None:
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
