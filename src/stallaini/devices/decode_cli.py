"""`stallaini decode`: what recorded traffic says, whatever wire it is of."""

from __future__ import annotations

import argparse
import gzip
import importlib
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from stallaini.devices.can_battery import cli as battery_can
from stallaini.errors import OperatorError

LineDecoder = Callable[[str], dict[str, Any]]
"""What one line says. Raises ValueError with the reason when it is malformed."""

BATTERY_CAN = "battery-can"
_STDIN = Path("-")


class _Wire(NamedTuple):
    """A wire recorded line by line: the module whose `line_decoder()` reads it, and what a line is."""

    module: str
    line: str


WIRES = {
    "scom": _Wire("stallaini.devices.studer.scom_lines", "a frame in hexadecimal"),
    "xcom-can": _Wire("stallaini.devices.studer.can_lines", "a frame as `candump -l` writes it"),
    "pylontech-rs485": _Wire("stallaini.devices.pylontech_rs485.lines", "a frame in ASCII"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `decode`."""
    lines = "; ".join(f"{name}: each line {wire.line}" for name, wire in WIRES.items())
    parser.add_argument(
        "--wire",
        choices=[BATTERY_CAN, *WIRES],
        default=BATTERY_CAN,
        help=f"what was recorded: {BATTERY_CAN} (the default) a CAN log; {lines}. These three give one JSON "
        'line for each line, {"rejected": "why"} for a malformed one',
    )
    battery_can.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Decode. 0; for a CAN log 1 when some line of it could not be read."""
    if args.wire == BATTERY_CAN:
        return _run_battery_can(args)
    if args.profile:
        raise OperatorError(f"--profile is for --wire {BATTERY_CAN} alone: leave it out")
    decode = cast(LineDecoder, importlib.import_module(WIRES[args.wire].module).line_decoder())
    try:
        with _opened(args.file) as file:
            for line in _lines(file, args.file):
                sys.stdout.write(_shown(decode, line))
                if args.file == _STDIN:
                    sys.stdout.flush()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _run_battery_can(args: argparse.Namespace) -> int:
    """A CAN log is read twice, first to tell the profile: what comes by a pipe is put into a file."""
    if args.file != _STDIN:
        return battery_can.run(args)
    with tempfile.TemporaryDirectory(prefix="stallaini-decode-") as folder:
        args.file = Path(folder) / "standard-input.log"
        with args.file.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        return battery_can.run(args)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path == _STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror or error}") from error
    with file:
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if path.suffix == ".gz" else file


def _lines(file: BinaryIO, path: Path) -> Iterator[str]:
    try:
        for line in file:
            yield line.decode("utf-8", "replace").strip()
    except (OSError, EOFError, zlib.error) as error:
        raise OperatorError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _shown(decode: LineDecoder, line: str) -> str:
    try:
        if not line:
            raise ValueError("empty line")
        said = decode(line)
    except ValueError as error:
        said = {"rejected": str(error)}
    return msgspec.json.encode(said).decode() + "\n"
