"""A headless browser, and pages in it that remember what they complained about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.support.web_build import built_page
from tests.web.contract_server import serving
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
# The browser itself reports answers a page expects: who is not signed in gets a 401.
_EXPECTED = re.compile(
    r"status of (401|403|429|503)|ERR_INCOMPLETE_CHUNKED_ENCODING"
    # The tests read the charts' pixels, the page never does.
    r"|willReadFrequently"
)


class Visit:
    """A page in a browser of its own, with the addresses it asked and the errors it made."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda message: self._said(message.type, f"{message.text} {message.location['url']}")
        )

    def open(self, place: str = "") -> Page:
        """Open the page; `place` is what follows # in its address."""
        self.page.goto(f"{self.url}/#{place}")
        return self.page

    def open_live(self, place: str = "") -> Page:
        """Open the page and wait for live values."""
        page = self.open(place)
        expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
        return page

    def open_history(self, place: str = "") -> Page:
        """Open the page of the past and wait for live values and a drawn chart."""
        page = self.open_live(f"page=history&{place}")
        expect(page.locator(".plot canvas")).to_be_visible()
        return page

    def shows_no_fault(self) -> None:
        """Nothing was asked of another host, nothing failed, nothing sticks out to the right."""
        assert [url for url in self.asked if not url.startswith((self.url, "data:"))] == []
        assert self.errors == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not _EXPECTED.search(text):
            self.errors.append(text)


@pytest.fixture(scope="session")
def static() -> Path:
    return built_page()


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
            context.set_default_timeout(15_000)
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
