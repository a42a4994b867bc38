"""`stallaini twin`: a simulated site on its real wires, until it is told to stop; and how to hurt it."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from stallaini.clock import open_clock
from stallaini.devices.catalogue import load_kinds
from stallaini.errors import OperatorError
from stallaini.site.config import SiteConfig, SiteFileError, parse_site
from stallaini.twin.control_socket import ask
from stallaini.twin.faults.faults import check_fault, params_of
from stallaini.twin.faults.kinds import FAULTS
from stallaini.twin.faults.scenario import Scenario, parse_scenario
from stallaini.twin.physics.house import House, house_of
from stallaini.twin.physics.keeping import kept_house
from stallaini.twin.program import Faces, Twin, serve, tell

_LINES = "pty:/path, listen:HOST:PORT or tcp:HOST:PORT"
_LOADS = ("well_pump", "water_heater", "generator", "none")
_ZONE = "Europe/Rome"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini twin`, and of its two actions on a twin that runs."""
    wires = parser.add_argument_group("wires, at least one")
    wires.add_argument("--bus", help="battery on CAN: simbus:/path.sock (served here), socketcan:vcan0, ...")
    wires.add_argument("--scom", metavar="LINE", help=f"Studer gateway on a serial line: {_LINES}")
    wires.add_argument("--xcom-can", metavar="BUS", help="Studer gateway on CAN, as --bus; may be the same")
    wires.add_argument("--rs485", metavar="LINE", help=f"battery modules on a serial line: {_LINES}")
    wires.add_argument("--relay", metavar="HERE->THERE", help="UDP relay between edge and server, to be cut")
    wires.add_argument("--edge-clock", type=Path, metavar="FILE", help="clock for an edge with --clock FILE")
    _add_house(parser.add_argument_group("house"))
    faults = parser.add_argument_group("faults")
    faults.add_argument("--scenario", type=Path, metavar="FILE", help="TOML file of faults to come")
    faults.add_argument("--control", type=Path, metavar="SOCKET", help="take orders here while it runs")
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--house", type=Path, help=argparse.SUPPRESS)
    _add_actions(parser)


def _add_house(house: argparse._ArgumentGroup) -> None:
    house.add_argument(
        "--profile", default="pylontech-1.2", help="what the battery speaks: a profile or a brand, as byd"
    )
    house.add_argument("--seed", type=int, default=1, help="decides the weather and the people (default 1)")
    house.add_argument(
        "--soc", type=float, default=72.0, metavar="PCT", help="charge at the start (default 72)"
    )
    house.add_argument(
        "--temperature", type=float, default=20.0, metavar="DEGC", help="of its cells then (default 20)"
    )
    house.add_argument(
        "--site", type=Path, metavar="FILE", help="site file to take place, array and loads from"
    )
    for number, default in ((1, "water_heater"), (2, "well_pump")):
        house.add_argument(
            f"--aux{number}", choices=_LOADS, default=default, help=f"what hangs there (default {default})"
        )


def _add_actions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions on a twin that runs")
    fault = actions.add_parser("fault", help="begin a fault, end it, or list what stands")
    fault.add_argument("name", nargs="?", choices=[*FAULTS], metavar="NAME", help=", ".join(FAULTS))
    fault.add_argument("params", nargs="*", metavar="name=value", help="what the fault takes")
    fault.add_argument("--for", dest="for_s", type=float, metavar="SECONDS", help="default: until --end")
    fault.add_argument("--end", action="store_true", help="end it")
    state = actions.add_parser("state", help="print the true state of the house as JSON")
    for action in (fault, state):
        action.add_argument("--control", type=Path, required=True, metavar="SOCKET", help="where it listens")


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; or do one action on a twin that runs."""
    if args.action is not None:
        print(json.dumps(ask(args.control, _words(args))))
        return 0
    faces = Faces(
        args.bus,
        args.scom,
        args.xcom_can,
        args.rs485,
        args.relay,
        args.edge_clock,
        args.control,
        args.profile,
    )
    if not (faces.bus or faces.scom or faces.xcom_can or faces.rs485):
        raise OperatorError("serve at least one wire: --bus, --scom, --xcom-can or --rs485")
    config = _site(args.site)
    house = _new_house(config, args) if args.house is None else kept_house(args.house)
    zone = config.timezone if config is not None else _ZONE
    twin = Twin(house, faces, open_clock(args.clock), _scenario(args.scenario), args.seed, zone, tell)
    asyncio.run(serve(twin))
    return 0


def _words(args: argparse.Namespace) -> list[str]:
    if args.action == "state":
        return ["state"]
    if args.name is None:
        return ["faults"]
    if args.end:
        return ["end", args.name]
    check_fault(args.name, params_of(args.params))
    return ["fault", args.name, *args.params, *([] if args.for_s is None else [f"for={args.for_s:g}"])]


def _new_house(config: SiteConfig | None, args: argparse.Namespace) -> House:
    if not 0 <= args.soc <= 100:
        raise OperatorError(f"--soc {args.soc:g} is no state of charge; give 0 to 100")
    if not -20 <= args.temperature <= 60:
        raise OperatorError(f"--temperature {args.temperature:g} is no battery's; give -20 to 60")
    house = House(seed=args.seed) if config is None else house_of(config, args.seed)
    house.set_battery(args.soc, args.temperature)
    house.controls.aux1_load = "" if args.aux1 == "none" else args.aux1
    house.controls.aux2_load = "" if args.aux2 == "none" else args.aux2
    return house


def _site(site_file: Path | None) -> SiteConfig | None:
    if site_file is None:
        return None
    try:
        return parse_site(site_file.read_bytes(), load_kinds())
    except OSError as error:
        raise OperatorError(f"cannot read {site_file}: {error.strerror}; name a site file") from error
    except SiteFileError as error:
        raise OperatorError(f"{site_file} has faults; `stallaini check {site_file}` lists them") from error


def _scenario(path: Path | None) -> Scenario:
    if path is None:
        return Scenario()
    try:
        return parse_scenario(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"cannot read {path}: {error}; name a scenario file") from error
    except OperatorError as error:
        raise OperatorError(f"{path}: {error}") from error
