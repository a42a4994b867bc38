"""A page in a browser of its own, which remembers what it asked and complained about."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

# The browser itself reports answers a page expects: who is not signed in gets a 401.
_EXPECTED = re.compile(
    r"status of (401|403|429|503)|ERR_INCOMPLETE_CHUNKED_ENCODING"
    # The tests read the charts' pixels, the page never does.
    r"|willReadFrequently"
)

# The frame is kept once the service worker has read it; the state, once both are told.
_KEPT = """
async () => {
  await navigator.serviceWorker.ready;
  for (;;) {
    const frame = await caches.match("/");
    if (frame && localStorage.getItem("stallaini.last")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
"""


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


def wait_until_kept(page: Page) -> None:
    """From here on the page opens without a network."""
    page.evaluate(_KEPT)


def drawn_width(image: Locator) -> int:
    """The width of an image's own pixels, once it has loaded. The page's policy forbids to wait by script."""
    return int(image.evaluate("image => image.decode().then(() => image.naturalWidth)"))
