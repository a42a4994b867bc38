"""`stallaini decode` of a battery's CAN log: what it says, a JSON line or a table row per frame."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from stallaini.devices.can_battery.decode import Decoded, Decoder
from stallaini.devices.can_battery.detect import Detector, Verdict
from stallaini.devices.can_battery.profile import fields, load_profile, profile_names
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.logs import read_log
from stallaini.errors import OperatorError

_PREFIX = "battery"
_DAMAGES_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `decode`."""
    parser.add_argument(
        "file",
        type=Path,
        help="candump .log, .asc, .blf, .csv, .trc, ... (.gz may follow), or - for standard input",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help=f"{', '.join(profile_names())} or a .toml file; without it, told by the ids in the log",
    )
    parser.add_argument(
        "--json", action="store_true", help="a JSON line per frame (the default where a program reads)"
    )


def run(args: argparse.Namespace) -> int:
    """Decode; 0 when every line could be read, 1 when some could not."""
    damages = _Damages(args.file)
    try:
        verdict = Verdict(args.profile, "as asked") if args.profile else _detect(args.file)
        profile = load_profile(args.profile or verdict.decoded_as)
        spoken = profile.name if args.profile else verdict.profile
        as_json = args.json or not sys.stdout.isatty()
        if spoken != profile.name:
            damages.say(f"the battery speaks {spoken}, for which there is no profile: read as {profile.name}")
        if not as_json:
            print(f"profile {spoken} ({verdict.reason})")
        show = _json_line if as_json else _table_row
        decoder = Decoder(profile, _PREFIX)
        for frame in read_log(args.file, damages.add):
            decoded = None if _is_odd(frame) else decoder.decode(frame.id, frame.data)
            sys.stdout.write(show(frame, decoded, spoken) + "\n")
            damages.frame_shown()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return damages.conclude()


class _Damages:
    """Counts what could not be read, and says the first of it, once the file has proved to be a log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._held: list[str] = []
        self._is_log = False

    def add(self, words: str) -> None:
        self._count += 1
        if self._count > _DAMAGES_SHOWN:
            return
        if self._is_log:
            self.say(words)
        else:
            self._held.append(words)

    def frame_shown(self) -> None:
        if not self._is_log:
            self._is_log = True
            for words in self._held:
                self.say(words)

    def say(self, words: str) -> None:
        print(f"stallaini decode: {self._path}: {words}", file=sys.stderr)

    def conclude(self) -> int:
        if not self._is_log:
            why = f": {self._held[0]}" if self._held else ""
            raise OperatorError(f"{self._path} holds no CAN frame{why}")
        if self._count > _DAMAGES_SHOWN:
            self.say(f"{self._count - _DAMAGES_SHOWN} more lines cannot be read")
        return 1 if self._count else 0


def _detect(path: Path) -> Verdict:
    detector = Detector()
    for frame in read_log(path, lambda _: None):
        if not _is_odd(frame):
            detector.observe(frame.id, frame.data, 0.0)
    return detector.decide()


def _is_odd(frame: Frame) -> bool:
    return frame.error or frame.extended or frame.remote


def _json_line(frame: Frame, decoded: Decoded | None, profile: str) -> str:
    line: dict[str, Any] = {"t": round(frame.monotonic_s, 6), "id": _id(frame), "profile": profile}
    line["readings"] = decoded.readings if decoded else {}
    if decoded is None:
        kind = "error_frame" if frame.error else "extended" if frame.extended else "remote"
        line[kind] = True
    elif decoded.title is not None:
        if not (decoded.readings or decoded.texts or decoded.rejected):
            line["frame"] = decoded.title
        if decoded.texts:
            line["texts"] = decoded.texts
        if decoded.rejected:
            line["rejected"] = decoded.rejected
    if decoded is None or decoded.title is None:
        line["raw"] = frame.data.hex().upper()
    return msgspec.json.encode(line).decode()


def _table_row(frame: Frame, decoded: Decoded | None, _: str) -> str:
    if decoded is None:
        kind = "error frame" if frame.error else "29-bit id" if frame.extended else "remote frame"
        title, words = kind, [frame.data.hex(" ").upper()]
    elif decoded.title is None:
        title, words = "unknown id", [frame.data.hex(" ").upper()]
    else:
        title, words = decoded.title, list(_words(decoded))
    return f"{frame.monotonic_s:17.6f}  {_id(frame):<10}  {title:<42}  {', '.join(words)}".rstrip()


def _words(decoded: Decoded) -> Iterator[str]:
    """What a frame says, for people: of protections and alarms only those that stand."""
    items = raised = said = 0
    for name, value in decoded.readings.items():
        said += value is not None
        field = name.removeprefix(_PREFIX + ".")
        if value is True or value is False:
            items += "." in field
            raised += "." in field and value
            if value or "." not in field:
                yield field if "." in field else f"{field} {'yes' if value else 'no'}"
        elif value is not None:
            yield f"{field} {value:g} {fields()[field].unit}".rstrip()
    if items and not raised:
        yield "nothing raised"
    if decoded.readings and not said:
        yield "nothing reported"
    for name, text in decoded.texts.items():
        yield f"{name.removeprefix(_PREFIX + '.')} {text!r}"
    for name, rejected in decoded.rejected.items():
        yield f"{name.removeprefix(_PREFIX + '.')} {rejected:g} rejected"


def _id(frame: Frame) -> str:
    return f"0x{frame.id:08X}" if frame.extended else f"0x{frame.id:03X}"
