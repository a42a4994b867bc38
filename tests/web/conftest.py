"""A headless browser, visits in it, and what they look at: a stand-in or a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.web.contract_server import serving
from tests.web.real_site import RealSite
from tests.web.visit import Visit
from tests.web.world import World

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP = (360, 740), (1440, 900)
_PATIENCE_MS = 15_000  # what is expected is looked for again until then: a busy machine draws late
expect.set_options(timeout=_PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the scenarios of a file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


Visitor = Callable[..., Visit]


@pytest.fixture
def visitor(browser: Browser, url: str) -> Iterator[Visitor]:
    """Makes visits to `url`, as a phone or a desktop, light or dark, in any language."""
    with ExitStack() as leaving:

        def visit(
            size: tuple[int, int] = DESKTOP,
            scheme: Literal["light", "dark"] = "light",
            locale: str = "en-GB",
            **options: Any,
        ) -> Visit:
            phone = size[0] < 500
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,
                locale=locale,
                is_mobile=phone,
                has_touch=phone,
                **options,
            )
            leaving.callback(context.close)
            context.set_default_timeout(_PATIENCE_MS)
            return Visit(context.new_page(), url)

        yield visit


@pytest.fixture
def world() -> World:
    """The made-up world that the stand-in server serves."""
    return World()


@pytest.fixture
def url(world: World, static: Path) -> Iterator[str]:
    """The address of a stand-in server over `world`."""
    with serving(world, static) as address:
        yield address


@pytest.fixture(scope="module")
def real_site(tmp_path_factory: pytest.TempPathFactory, static: Path) -> Iterator[RealSite]:
    """One real server with one site for a file; each scenario leaves it usable for the others."""
    with RealSite(tmp_path_factory.mktemp("real"), static).running() as site:
        yield site
