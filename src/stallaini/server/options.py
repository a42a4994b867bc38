"""Options that the server's verbs share."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path

from stallaini.server.database import FILE_NAME

DATABASE_FILE = FILE_NAME
CONTEXTS_FILE = "contexts.db"


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--data`, the folder all verbs of one server share."""
    parser.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="the server's data (default ./data)"
    )


def parse_address(text: str) -> tuple[str, int]:
    """`HOST:PORT`, an IPv6 host in brackets. Raises argparse's error that says how to write it."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not port.isdecimal() or int(port) > 65_535 or (":" in bare and bare == host):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HOST:PORT; write it as 127.0.0.1:8080 or [::1]:8080"
        )
    return bare, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
