"""`stallaini enrol`: admit a site and print the line its edge joins with."""

from __future__ import annotations

import argparse
import asyncio
import re
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.link import enrolment
from stallaini.link.oscore import ContextStore
from stallaini.server.coap import COAP_PORT
from stallaini.server.database import Database
from stallaini.server.options import CONTEXTS_FILE, DATABASE_FILE, add_data_option
from stallaini.server.program import make_data_dir
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.web_address import parse_web_address

_SITE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HOST = re.compile(r"[^\s/@]{1,253}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("name", help="the site's name: lower-case letters, digits, dashes")
    add_data_option(parser)
    parser.add_argument(
        "--host", required=True, help="name or address under which the edge finds this server"
    )
    parser.add_argument("--port", type=int, default=COAP_PORT, help=f"UDP port (default {COAP_PORT})")
    parser.add_argument(
        "--https",
        metavar="URL",
        help="web address of this server's page, such as https://server.example.org: the edge's way when UDP "
        "is blocked",
    )
    parser.add_argument("--replace", action="store_true", help="give an enrolled site new keys")


def run(args: argparse.Namespace) -> int:
    """Admit the site and print its join line: a secret, shown once."""
    _check(args)
    make_data_dir(args.data)
    contexts = ContextStore(args.data / CONTEXTS_FILE)
    try:
        if contexts.secret(args.name) is not None:
            if not args.replace:
                raise OperatorError(
                    f"{args.name} is enrolled already; with --replace it gets new keys and its edge needs "
                    "the new line"
                )
            contexts.remove(args.name)
        asyncio.run(_add_row(args.data, args.name))
        print(enrolment.admit(contexts, args.name, args.host, args.port, args.https).line())
    finally:
        contexts.close()
    return 0


def _check(args: argparse.Namespace) -> None:
    if not _SITE_NAME.fullmatch(args.name):
        raise OperatorError(
            f"{args.name!r} cannot be a site's name; use lower-case letters and digits, a letter first"
        )
    if not _HOST.fullmatch(args.host) or not 0 < args.port < 65_536:
        raise OperatorError(
            f"{args.host} port {args.port} is no address; give --host NAME and --port 1 to 65535"
        )
    if args.https is not None:
        try:
            parse_web_address(args.https)
        except ValueError as error:
            raise OperatorError(
                f"--https {args.https}: {error}; give it as https://server.example.org"
            ) from None


async def _add_row(data_dir: Path, site: str) -> None:
    database = Database(data_dir / DATABASE_FILE)
    try:
        await SqliteStore(database).add_site(site, int(SystemClock().wall_s()))
    finally:
        database.close()
