"""The pages on cells and on decoding say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from stallaini.devices.catalogue import load_kinds
from stallaini.devices.pylontech_rs485.frame import Command, encode_request
from stallaini.devices.pylontech_rs485.lines import line_decoder
from stallaini.site.config import parse_site

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_site_file_of_the_how_to_is_right() -> None:
    page = (DOCS / "how-to" / "read-the-cells.md").read_text(encoding="utf-8")
    lines = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    config = parse_site('[site]\nname = "lab"\ntimezone = "UTC"\n' + lines, load_kinds())
    names = {spec.name for spec in config.description.channels}
    alarm = r"cells_(?:alarm|protection)_"
    told = re.findall(rf"`(?!{alarm})((?:cells|module|modules|cell|board)_[a-z0-9_.]+)`", page)
    assert told
    assert {f"cells.{field}" for field in told} <= names
    alarms = re.findall(rf"`({alarm}[a-z0-9_]+)`", page)
    assert alarms
    assert set(alarms) <= {rule.name for rule in config.alarms}
    assert {name for name in re.findall(r"`cells\.([a-z0-9_.]+[a-z0-9_])`", page) if "." in name} <= {
        name.removeprefix("cells.") for name in names
    }
    kept = [spec.name for spec in config.description.series]
    assert "cells.module_2.current.mean" in kept
    assert len(kept) - 2 == 8


def test_the_reference_names_every_command() -> None:
    page = (DOCS / "reference" / "decode.md").read_text(encoding="utf-8")
    decode = line_decoder()
    for command in Command:
        name = decode(encode_request(command, 2).decode().strip())["command"]
        assert f"`{name}`" in page
