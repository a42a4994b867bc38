"""What the page weighs, and how steady it stands."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.web.conftest import DESKTOP, PHONE, Visitor
from tests.web.world import World

FIRST_LOAD_BYTES = 60_000


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
    # A block of data is no script: no policy keeps it from being read.
    assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))", index)
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
