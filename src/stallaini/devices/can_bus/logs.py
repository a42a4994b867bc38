"""Recorded CAN traffic: any log python-can reads, read so that a damaged line costs only itself."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

import can
from can.io.generic import MessageReader, TextIOMessageReader
from can.io.player import MESSAGE_READERS

from stallaini.devices.can_bus.frame import Frame
from stallaini.errors import OperatorError

Damage = Callable[[str], None]

_HEADER_LINES = 1000
_ERROR_FLAG, _ID_MASK = 0x2000_0000, 0x1FFF_FFFF

# candump -l and -L:  (1700000000.123456) can0 351#1402C012C012C201
_CANDUMP = re.compile(
    r"\((?P<t>\d+(?:\.\d+)?)\)\s+\S+\s+(?P<id>[0-9A-F]{3}|[0-9A-F]{8})#"
    r"(?:(?P<remote>R\d?)|(?:#[0-9A-F])?(?P<data>(?:[0-9A-F]{2})*))(?:\s+[RT])?",
    re.IGNORECASE,
)


def read_log(path: Path, damage: Damage) -> Iterator[Frame]:
    """The frames of a log; the format is told by the suffix (`.gz` may follow), candump also by its look.

    A frame's `monotonic_s` is the log's time stamp. `damage` is told in words of each line that cannot
    be read. Raises OperatorError when the file cannot be read at all.
    """
    try:
        yield from _read(path, damage)
    except (OSError, EOFError, zlib.error) as error:
        raise OperatorError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _read(path: Path, damage: Damage) -> Iterator[Frame]:
    packed = path.suffix.lower() == ".gz"
    suffix = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    reader = MESSAGE_READERS.get(suffix)
    if suffix == ".log" or reader is None:
        with _open_text(path, packed) as file:
            yield from _candump(path, file, damage, sure=suffix == ".log")
    elif issubclass(reader, TextIOMessageReader):
        with _open_text(path, packed) as file:
            yield from _text(reader, file, damage)
    else:
        path.open("rb").close()  # some readers would make a missing file
        yield from _binary(reader, path, packed, damage)


def _open_text(path: Path, packed: bool) -> TextIO:
    if packed:
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return path.open(encoding="utf-8", errors="replace")


def _candump(path: Path, file: TextIO, damage: Damage, sure: bool) -> Iterator[Frame]:
    for number, line in enumerate(file, 1):
        text = line.strip()
        if not text:
            continue
        frame = candump_frame(text)
        if frame is not None:
            sure = True
            yield frame
        elif sure:
            damage(f"line {number} is no candump line: {text[:60]!r}")
        else:
            known = " ".join(sorted(MESSAGE_READERS))
            raise OperatorError(
                f"cannot tell what kind of log {path} is; its name must end in one of {known}"
            )


def candump_frame(line: str) -> Frame | None:
    """The frame in a line as `candump -l` writes it; None when it is no such line."""
    match = _CANDUMP.fullmatch(line)
    if match is None or len(match["data"] or "") > 2 * 64:
        return None
    flagged, t = int(match["id"], 16), float(match["t"])
    is_error = len(match["id"]) == 8 and bool(flagged & _ERROR_FLAG)
    return Frame(
        id=flagged & _ID_MASK,
        data=bytes.fromhex(match["data"] or ""),
        monotonic_s=t,
        wall_s=t,
        extended=len(match["id"]) == 8 and not is_error,
        remote=match["remote"] is not None,
        error=is_error,
    )


class _Lines:
    """A text file that knows its line number and can put its first lines in front again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: Iterator[str] = iter(())
        self.number = 0
        self.first: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        for line in self._again:
            return line
        line = next(self._file)
        self.number += 1
        if self.number <= _HEADER_LINES:
            self.first.append(line)
        return line

    def read(self) -> str:
        """The rest of the file; python-can asks for the method to tell a file from a path."""
        return "".join(self)

    def close(self) -> None:
        """The file is closed by who opened it."""

    def with_header(self, lines: int) -> _Lines:
        """Go on at the next line as if the first `lines` lines stood before it."""
        self._again = iter(self.first[:lines])
        return self


def _text(reader: type[TextIOMessageReader], file: TextIO, damage: Damage) -> Iterator[Frame]:
    """Run python-can's reader; where it stumbles over a line, start it anew behind that line."""
    lines = _Lines(file)
    header_lines: int | None = None
    began_at = -1
    while lines.number > began_at:
        began_at = lines.number
        try:
            for message in reader(cast(Any, lines.with_header(header_lines or 0))):
                header_lines = lines.number - 1 if header_lines is None else header_lines
                yield _frame(message)
            return
        except Exception as error:
            header_lines = lines.number - 1 if header_lines is None else header_lines
            damage(f"line {lines.number} cannot be read: {error}")


def _binary(reader: type[MessageReader], path: Path, packed: bool, damage: Damage) -> Iterator[Frame]:
    read = 0
    try:
        messages = can.LogReader(path) if packed else reader(path)
        for message in messages:
            read += 1
            yield _frame(message)
    except NotImplementedError as error:
        raise OperatorError(f"cannot read {path}: {error}") from error
    except OSError:
        raise
    except Exception as error:
        if read == 0:
            raise OperatorError(f"{path} is not a {path.suffix} log, or a damaged one: {error}") from error
        damage(f"nothing can be read behind frame {read}: {error}")


def _frame(message: can.Message) -> Frame:
    return Frame(
        id=message.arbitration_id,
        data=bytes(message.data),
        monotonic_s=message.timestamp,
        wall_s=message.timestamp,
        extended=message.is_extended_id and not message.is_error_frame,
        remote=message.is_remote_frame,
        error=message.is_error_frame,
    )
