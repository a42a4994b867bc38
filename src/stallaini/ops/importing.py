"""`stallaini import`: history recorded elsewhere, into a server's store; and out of it again."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.devices.studer_rcc.logged import DeviceNames
from stallaini.devices.studer_rcc.logger_clock import RULES
from stallaini.errors import OperatorError
from stallaini.ops.datalogs import DatalogImport, ImportReport
from stallaini.ops.datalogs_report import report_lines
from stallaini.server.database import Database
from stallaini.server.options import DATABASE_FILE, add_data_option
from stallaini.server.store.sqlite import SqliteStore


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini import`."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    datalog = what.add_parser("datalog", help="minutes from a Studer remote control's SD card (LGyymmdd.CSV)")
    datalog.add_argument("files", nargs="+", type=Path, metavar="FILE.CSV")
    datalog.add_argument(
        "--clock",
        default="standard",
        metavar="RULE",
        help=f"how the logger's clock was set: {RULES} (default standard: the zone without summer time)",
    )
    datalog.add_argument("--timezone", metavar="ZONE", help="the site's zone, where the site told none yet")
    for role, default in asdict(DeviceNames()).items():
        datalog.add_argument(
            f"--{role}",
            default=default,
            metavar="NAME",
            help=f"the {role} in the site file (default {default})",
        )
    datalog.add_argument("--json", action="store_true", help="print the report as one JSON object")
    forget = what.add_parser("forget", help="delete what was imported for a site; its own minutes stay")
    for sub in (datalog, forget):
        sub.add_argument("--site", required=True, metavar="NAME", help="as it was enrolled")
        add_data_option(sub)


def run(args: argparse.Namespace) -> int:
    """Import or forget; 1 when a file could not be imported."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    path = args.data / DATABASE_FILE
    if not path.exists():
        raise OperatorError(f"there is no server's data in {args.data}; name its folder with --data")
    database = Database(path)
    try:
        store = SqliteStore(database)
        if args.site not in {row.site for row in await store.sites()}:
            raise OperatorError(
                f"no site {args.site!r} is admitted here; "
                f"admit it with `stallaini enrol {args.site} --host HOST`"
            )
        if args.what == "forget":
            print(f"{await store.forget_imported(args.site)} imported minutes forgotten")
            return 0
        return _told(await _import(store, args), as_json=args.json)
    finally:
        database.close()


async def _import(store: SqliteStore, args: argparse.Namespace) -> ImportReport:
    names = DeviceNames(args.inverter, args.solar, args.battery)
    job = await DatalogImport.prepare(store, args.site, names, args.clock, args.timezone, SystemClock())
    return await job.run(args.files)


def _told(report: ImportReport, *, as_json: bool) -> int:
    print(json.dumps(asdict(report), ensure_ascii=False) if as_json else "\n".join(report_lines(report)))
    return 1 if report.failed else 0
