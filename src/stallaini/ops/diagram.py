"""`stallaini diagram`: the single-line diagram of a site file, as an SVG file."""

from __future__ import annotations

import argparse
from pathlib import Path

from stallaini.devices.catalogue import load_kinds
from stallaini.errors import OperatorError
from stallaini.site.config import DeviceConfig, SiteConfig, SiteFileError, parse_site
from stallaini.site.diagram import Extras, diagram

# The settings that name a device's wire, in the order in which they are looked for.
_WIRES = ("bus", "port", "gateway")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini diagram`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the site file, such as site.toml")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="SVG", help="write here (default: the file's name with .svg)"
    )
    parser.add_argument("--language", choices=("en", "it"), default="en", help="of the drawing's own words")


def run(args: argparse.Namespace) -> int:
    """Draw one site file."""
    config = _read(args.file)
    out = args.out or args.file.with_suffix(".svg")
    drawn = diagram(config.description, args.language, Extras(_array(config), _wires(config)))
    try:
        out.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"cannot write {out}: {error.strerror}; name another file with -o") from error
    print(f"{out}: {config.title}, {len(config.devices)} devices, {len(config.loads)} loads")
    return 0


def _read(file: Path) -> SiteConfig:
    try:
        return parse_site(file.read_bytes(), load_kinds())
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}; name a site file") from error
    except SiteFileError as error:
        raise OperatorError(
            f"{file} has faults; `stallaini check {file}` tells each, the first is: {error.faults[0].reason}"
        ) from error


def _array(config: SiteConfig) -> str:
    solar = config.solar
    return "" if solar is None else f"{solar.panels} × {solar.panel_power_w:g} W"


def _wires(config: SiteConfig) -> dict[str, str]:
    titles = {device.name: device.title for device in config.devices}
    return {device.name: _wire(device, titles) for device in config.devices}


def _wire(device: DeviceConfig, titles: dict[str, str]) -> str:
    """The wire in few words: `can0`, `serial`, or the gateway it stands behind."""
    found = next((str(device.settings[key]) for key in _WIRES if device.settings.get(key)), "")
    if found in titles:
        return titles[found]
    kind, _, where = found.partition(":")
    return where if kind == "socketcan" else kind
