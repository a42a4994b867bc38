"""`stallaini check`: a site file's faults, each with its line and what to do, or a summary of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stallaini.devices.catalogue import load_kinds
from stallaini.errors import OperatorError
from stallaini.site.config import SiteConfig, SiteFileError, parse_site


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini check`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the site file, such as site.toml")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(args: argparse.Namespace) -> int:
    """Check one file: 0 when it is clean, 1 when it has faults."""
    try:
        data = args.file.read_bytes()
    except OSError as error:
        raise OperatorError(f"cannot read {args.file}: {error.strerror}; name a site file") from error
    try:
        config = parse_site(data, load_kinds())
    except SiteFileError as error:
        _print_faults(args.file, error, as_json=args.json)
        return 1
    _print_summary(args.file, config, as_json=args.json)
    return 0


def _print_faults(file: Path, error: SiteFileError, as_json: bool) -> None:
    if as_json:
        faults = [{"line": fault.line, "reason": fault.reason, "fix": fault.fix} for fault in error.faults]
        print(json.dumps({"file": str(file), "ok": False, "faults": faults}, ensure_ascii=False))
        return
    for fault in error.faults:
        print(f"{file}:{fault.line}: {fault.reason}; {fault.fix}")


def _print_summary(file: Path, config: SiteConfig, as_json: bool) -> None:
    description = config.description
    if as_json:
        summary = {
            "file": str(file),
            "ok": True,
            "site": config.site,
            "title": config.title,
            "devices": [device.name for device in config.devices],
            "channels": len(description.channels),
            "series": [series.name for series in description.series],
            "loads": [load.name for load in config.loads],
            "alarms": [rule.name for rule in config.alarms],
        }
        print(json.dumps(summary, ensure_ascii=False))
        return
    devices = ", ".join(f"{device.name} ({device.kind})" for device in config.devices) or "none"
    loads = ", ".join(load.name for load in config.loads) or "none"
    print(f"{file}: no faults")
    print(f"  site     {config.site}: {config.title}, {config.timezone}")
    print(f"  devices  {devices}")
    print(f"  series   {len(description.series)} kept, of {len(description.channels)} channels")
    print(f"  loads    {loads}")
    print(f"  alarms   {len(config.alarms)} rules")
