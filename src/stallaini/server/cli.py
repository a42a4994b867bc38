"""`stallaini server`: the program people reach."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

from stallaini.clock import open_clock
from stallaini.errors import OperatorError
from stallaini.server.memory import share_heaps
from stallaini.server.options import add_data_option, is_loopback, parse_address
from stallaini.server.program import Server, ServerOptions, run_server


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add_data_option(parser)
    parser.add_argument(
        "--http",
        type=parse_address,
        default=("127.0.0.1", 8080),
        metavar="HOST:PORT",
        help="where the page and the API are (default 127.0.0.1:8080)",
    )
    parser.add_argument(
        "--coap",
        type=parse_address,
        default=("::", 5683),
        metavar="HOST:PORT",
        help="where sites reach the server, UDP (default [::]:5683)",
    )
    parser.add_argument(
        "--demo", action="store_true", help="let everybody on this machine look without signing in"
    )
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    if args.demo and not is_loopback(args.http[0]):
        raise OperatorError(
            f"--demo lets everybody in, so it serves this machine only, not {args.http[0]}; "
            "leave out --http, or --demo"
        )
    share_heaps()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("uvicorn", "coap", "coap-server"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    options = ServerOptions(data_dir=args.data, http=args.http, coap=args.coap, demo=args.demo)
    asyncio.run(run_server(options, open_clock(args.clock), _announce))
    return 0


def _announce(server: Server) -> None:
    print(f"serving {server.http.url} and sites on UDP port {server.coap.port}", flush=True)
