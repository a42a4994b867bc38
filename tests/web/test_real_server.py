"""The page on the real server: its store fed with real uplinks, its own login, its own stream."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.serving import PASSWORD, START_MINUTE, FakeSite, Running, serving
from tests.web.conftest import PHONE, Visitor

pytestmark = pytest.mark.browser

HISTORY_MINUTES = 2 * 1440
GAP = range(START_MINUTE - 600, START_MINUTE - 420)
BATCH = 240


class RealSite:
    """A server with one site whose edge sends a live value each second, until it is told to stop."""

    def __init__(self, folder: Path, static: Path) -> None:
        self.url = ""
        self.speaking = True
        self._folder, self._static = folder, static
        self._ready, self._over = threading.Event(), threading.Event()
        self._failure: BaseException | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[RealSite]:
        """Serve from a thread of its own for the length of a `with`."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            assert self._ready.wait(60), "the server did not start"
            assert self._failure is None, self._failure
            yield self
        finally:
            self._over.set()
            thread.join(30)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            self._failure = failure
            raise
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        async with self._started() as (server, site):
            self.url = server.url
            self._ready.set()
            second = 0
            while not self._over.is_set():
                await asyncio.sleep(1)
                server.clock.advance(1)
                second += 1
                if self.speaking:
                    await site.live(live_values(second), at_s=int(server.clock.wall_s()))

    @contextlib.asynccontextmanager
    async def _started(self) -> AsyncIterator[tuple[Running, FakeSite]]:
        async with serving(self._folder, static_dir=self._static) as server:
            await server.person("viewer")
            site = await server.site()
            minutes = [at for at in range(START_MINUTE - HISTORY_MINUTES, START_MINUTE) if at not in GAP]
            for first in range(0, len(minutes), BATCH):
                await site.minutes(*((at, minute_values(at)) for at in minutes[first : first + BATCH]))
            await site.live(live_values(0), at_s=int(server.clock.wall_s()))
            yield server, site


def live_values(second: int) -> dict[str, float]:
    power_w = 1200 + second % 60
    return {
        "battery.power": power_w,
        "battery.current": power_w / 50,
        "battery.soc": 62.4,
        "battery.charge_enabled": 1,
    }


def minute_values(minute: int) -> dict[str, float]:
    power_w = 800 * math.sin(minute / 1440 * 2 * math.pi)
    soc_pct = 50 - 30 * math.cos(minute / 1440 * 2 * math.pi)
    return {
        "battery.power.mean": power_w,
        "battery.current.mean": power_w / 50,
        "battery.soc.min": soc_pct - 0.1,
        "battery.soc.max": soc_pct + 0.1,
        "battery.soc.last": soc_pct,
    }


@pytest.fixture
def real_site(tmp_path: Path, static: Path) -> Iterator[RealSite]:
    with RealSite(tmp_path, static).running() as site:
        yield site


@pytest.fixture
def url(real_site: RealSite) -> str:
    return real_site.url


def test_sign_in_see_live_values_and_history_see_them_go_stale(visitor: Visitor, real_site: RealSite) -> None:
    visit = visitor(PHONE)
    page = visit.open()
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    expect(page.get_by_role("heading", name="The lab")).to_be_visible()
    expect(page.get_by_test_id("soc")).to_have_text("62%")
    expect(page.locator(".power-way")).to_have_text("Charging")
    first = page.get_by_test_id("power").inner_text()
    expect(page.get_by_test_id("power")).not_to_have_text(first, timeout=3_000)
    page.get_by_role("link", name="History").click()
    expect(page.locator(".plot canvas")).to_be_visible()
    expect(page.locator(".legend-value").first).to_contain_text("20 to 80")
    expect(page.locator(".energy-days li")).to_have_count(7)
    expect(page.locator(".energy-days li").last).not_to_contain_text("–")

    real_site.speaking = False
    expect(page.locator(".pulse")).to_have_attribute("data-state", "stale", timeout=20_000)
    page.get_by_role("link", name="Now").click()
    expect(page.locator(".stale-note")).to_contain_text("Last heard 13:0")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    visit.shows_no_fault()
