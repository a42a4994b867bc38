"""Small site files and device kinds for tests."""

from __future__ import annotations

from stallaini.site.config import Fault, SiteConfig, SiteFileError, parse_site
from stallaini.site.kinds import DeviceKind, parse_manifest

BATTERY_MANIFEST = """
name = "battery_kind"
title = "A battery"
proven = "in this test"
channel = [
  { field = "voltage", quantity = "voltage" },
  { field = "current", quantity = "current", aggregates = ["mean"] },
  { field = "power", quantity = "power", aggregates = [] },
  { field = "alarm.low_voltage", quantity = "flag", aggregates = [] },
  { field = "energy_charged", quantity = "energy" },
]
setting = [
  { name = "bus", required = true, help = "where it is" },
  { name = "profile", default = "auto", choices = ["auto", "pylontech-1.2", "victron"] },
  { name = "modules", type = "int", low = 1, high = 16 },
  { name = "poll_s", type = "float", default = 1.0, low = 0.1, high = 60 },
  { name = "listen_only", type = "bool", default = true },
]
"""

KINDS: dict[str, DeviceKind] = {
    "battery_kind": parse_manifest(BATTERY_MANIFEST),
    "log_kind": parse_manifest('name = "log_kind"\ntitle = "A log"\n'),
}

SITE = """[site]
name = "noto"
timezone = "Europe/Rome"
"""

BATTERY = """[devices.battery]
kind = "battery_kind"
bus = "virtual:b"
"""


def parse(text: str) -> SiteConfig:
    return parse_site(text, KINDS)


def faults_of(text: str) -> list[Fault]:
    """The faults of a site file, none when it is clean."""
    try:
        parse(text)
    except SiteFileError as error:
        return error.faults
    return []


def only_fault(text: str) -> Fault:
    """The one fault of a site file."""
    (fault,) = faults_of(text)
    return fault
