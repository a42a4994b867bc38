"""Take a picture of a running page once it is live: `python scripts/screenshot.py URL OUT.png`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

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
PHONE_PX = 500
# The ring's and the chart's transitions, and a first value after them.
SETTLE_MS = 1_500


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the running page, for example http://127.0.0.1:8080/#span=week")
    parser.add_argument("out", type=Path, help="the PNG file to write")
    parser.add_argument("--width", type=int, default=1440, help="below 500: as a phone shows it")
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--dark", action="store_true", help="the dark theme")
    parser.add_argument("--full", action="store_true", help="the whole page, not only the first screen")
    parser.add_argument("--language", default="en-GB")
    parser.add_argument("--wait", type=float, default=60, metavar="SECONDS", help="how long to wait for life")
    return parser.parse_args(words)


def take(options: argparse.Namespace) -> None:
    """Wait until the page is live and its page settled, then save the picture."""
    phone = options.width < PHONE_PX
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": options.width, "height": options.height},
            color_scheme="dark" if options.dark else "light",
            locale=options.language,
            is_mobile=phone,
            has_touch=phone,
            device_scale_factor=2 if phone else 1,
        )
        page.set_default_timeout(options.wait * 1000)
        page.goto(options.url)
        page.wait_for_selector(".pulse[data-state=live]")
        page.wait_for_timeout(SETTLE_MS)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=options.out, full_page=options.full)
        browser.close()


def main() -> int:
    options = parse()
    try:
        take(options)
    except Error as fault:
        reason = fault.message.splitlines()[0]
        print(f"no picture of {options.url}: {reason}; is the page running and live?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
