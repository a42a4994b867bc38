"""The reference pages say what the code does; STALLAINI_WRITE_DOCS=1 writes their tables anew."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from stallaini.devices.catalogue import load_kinds
from stallaini.site import keys
from stallaini.site.alarms import alarm_specs
from stallaini.site.config import parse_site
from stallaini.site.quantities import QUANTITIES
from stallaini.site.reference import (
    alarms_table,
    flag_alarms_table,
    keys_table,
    kinds_sections,
    quantities_table,
)  # fmt: skip

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
BLOCK = re.compile(r"<!-- made from the code: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)


ALARM_PAGE = (DOCS / "alarms.md").read_text(encoding="utf-8")
ALARM_SITE = parse_site(re.findall(r"```toml\n(.*?)```", ALARM_PAGE, re.DOTALL)[0], load_kinds())
ALARM_SPECS = alarm_specs(ALARM_SITE.description)


def made(name: str) -> str:
    if name == "quantities":
        return quantities_table()
    if name in ("alarm_rules", "alarm_flags"):
        rules = ALARM_SITE.alarms
        return flag_alarms_table(rules) if name == "alarm_flags" else alarms_table(rules, ALARM_SPECS)
    return kinds_sections(load_kinds()) if name == "kinds" else keys_table(name)


@pytest.mark.parametrize("page", ["quantities.md", "site-file.md", "alarms.md"])
def test_a_reference_page_holds_what_the_code_declares(page: str) -> None:
    path = DOCS / page
    text = path.read_text(encoding="utf-8")
    renewed = BLOCK.sub(
        lambda block: f"<!-- made from the code: {block[1]} -->\n\n{made(block[1])}\n\n<!-- end -->", text
    )
    if os.environ.get("STALLAINI_WRITE_DOCS") == "1":
        path.write_text(renewed, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == renewed, (
        "STALLAINI_WRITE_DOCS=1 pytest tests/site/test_reference.py"
    )


def test_the_pages_leave_nothing_out() -> None:
    quantities = (DOCS / "quantities.md").read_text(encoding="utf-8")
    site_file = (DOCS / "site-file.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in quantities for name in QUANTITIES)
    for table, settings in keys.TABLES.items():
        assert f"[{table}" in site_file
        assert all(f"`{key.name}`" in site_file for key in settings)
    for kind in load_kinds().values():
        shown = [each.field for each in kind.channels if each.needs is None or each.needs[1] == 1]
        assert all(f"`{field}`" in site_file for field in shown)
        assert all(f"`{setting.name}`" in site_file for setting in kind.settings)


def test_the_examples_on_the_page_are_right() -> None:
    site_file = (DOCS / "site-file.md").read_text(encoding="utf-8")
    whole, series = re.findall(r"```toml\n(.*?)```", site_file, re.DOTALL)
    assert "series" in tomllib.loads(series)
    config = parse_site(whole + series, load_kinds())
    assert [name.name for name in config.description.series if ".current." in name.name] == [
        "battery.current.mean",
        "battery.current.max",
    ]
