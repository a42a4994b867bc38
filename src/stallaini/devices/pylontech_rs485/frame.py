r"""The frame of the Pylontech RS485 protocol (V3.3 of 2018-08-21): hexadecimal ASCII between `~` and CR.

`~` VER(2) ADR(2) CID1(2) CID2 or RTN(2) LENGTH(4) INFO CHKSUM(4) `\r`. LENGTH is 12 bits that count INFO's
characters, and before them a nibble that brings the sum of all four nibbles to a multiple of 16; CHKSUM
brings the sum of all ASCII codes after `~` to a multiple of 65536. Two digits that change places, or two
changes that cancel out, pass it: what a frame says is checked once more where it is believed (`device.py`).

What can be encoded is a request of `Command` or an answer with a `ReturnCode`, nothing else: the commands
that set limits (0x94) and turn the battery off (0x95) have no name here.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

VERSION = 0x20
"""What a request says as VER; batteries take any."""
BATTERY = 0x46
"""CID1 of a battery."""
MAX_INFO = 0xFFF // 2
"""Bytes of INFO that LENGTH can count."""

_SHAPE = re.compile(rb"~[0-9A-F]{16,}")
_CHECKED_FROM, _INFO_FROM, _CHECKSUM_DIGITS = 1, 13, 4
_LONGEST = _INFO_FROM + 0xFFF + _CHECKSUM_DIGITS


class Command(IntEnum):
    """CID2 of the requests that only read."""

    ANALOG = 0x42
    ALARMS = 0x44
    PARAMETERS = 0x47
    PROTOCOL = 0x4F
    MAKER = 0x51
    MANAGEMENT = 0x92
    SERIAL = 0x93
    SOFTWARE = 0x96


class ReturnCode(IntEnum):
    """RTN of an answer."""

    OK = 0x00
    VERSION = 0x01
    CHECKSUM = 0x02
    LENGTH_CHECKSUM = 0x03
    COMMAND = 0x04
    FORMAT = 0x05
    DATA = 0x06
    ADDRESS = 0x90
    INTERNAL = 0x91


RETURN_WORDS = {
    ReturnCode.OK: "ok",
    ReturnCode.VERSION: "wrong protocol version",
    ReturnCode.CHECKSUM: "wrong checksum",
    ReturnCode.LENGTH_CHECKSUM: "wrong length checksum",
    ReturnCode.COMMAND: "unknown command",
    ReturnCode.FORMAT: "wrong format",
    ReturnCode.DATA: "wrong data",
    ReturnCode.ADDRESS: "wrong address",
    ReturnCode.INTERNAL: "internal fault",
}


class FrameError(ValueError):
    """Characters that are no frame; `code` is what a battery answers to them, None where it stays silent."""

    def __init__(self, reason: str, code: ReturnCode | None = None) -> None:
        super().__init__(reason)
        self.code = code


class Frame(NamedTuple):
    """A frame whose sums hold. `code` is a request's CID2 or an answer's RTN; `info` the bytes of INFO."""

    version: int
    address: int
    code: int
    info: bytes

    @property
    def is_answer(self) -> bool:
        """Whether `code` is a return code: no command has the number of one."""
        return self.code in ReturnCode.__members__.values()


def encode_request(command: Command, address: int, info: bytes = b"") -> bytes:
    """The bytes of a request. Raises ValueError for a command that is not one of those that read."""
    return _encode(VERSION, address, Command(command), info)


def encode_answer(address: int, code: ReturnCode, info: bytes = b"", version: int = VERSION) -> bytes:
    """The bytes of a battery's answer."""
    return _encode(version, address, ReturnCode(code), info)


def _encode(version: int, address: int, code: Command | ReturnCode, info: bytes) -> bytes:
    if len(info) > MAX_INFO:
        raise ValueError(f"INFO of {len(info)} bytes: LENGTH can count {MAX_INFO}")
    digits = info.hex().upper()
    head = f"{version:02X}{address:02X}{BATTERY:02X}{code:02X}{_length_field(len(digits)):04X}"
    text = (head + digits).encode()
    return b"~%s%04X\r" % (text, _checksum(text))


def parse_frame(text: bytes) -> Frame:
    """The frame in `text`, from `~` on, without CR. Raises FrameError."""
    if not _SHAPE.fullmatch(text):
        raise FrameError("a frame is `~` and at least 16 digits 0-9 A-F")
    if len(text) > _LONGEST:
        raise FrameError(f"{len(text)} characters: a frame has {_LONGEST} at most")
    if int(text[-_CHECKSUM_DIGITS:], 16) != _checksum(text[_CHECKED_FROM:-_CHECKSUM_DIGITS]):
        raise FrameError("CHKSUM does not hold", ReturnCode.CHECKSUM)
    version, address, cid1, code = bytes.fromhex(text[1:9].decode())
    if cid1 != BATTERY:
        raise FrameError(f"CID1 {cid1:02X} is no battery's, which is {BATTERY:02X}")
    length = int(text[9:_INFO_FROM], 16)
    if length != _length_field(length & 0xFFF):
        raise FrameError("LCHKSUM of LENGTH does not hold", ReturnCode.LENGTH_CHECKSUM)
    digits = text[_INFO_FROM:-_CHECKSUM_DIGITS]
    if len(digits) != length & 0xFFF:
        raise FrameError(f"LENGTH says {length & 0xFFF} characters of INFO, there are {len(digits)}")
    if len(digits) % 2:
        raise FrameError("INFO ends within a byte", ReturnCode.FORMAT)
    return Frame(version, address, code, bytes.fromhex(digits.decode()))


def _length_field(count: int) -> int:
    nibbles = (count & 0xF) + (count >> 4 & 0xF) + (count >> 8 & 0xF)
    return (-nibbles & 0xF) << 12 | count


def _checksum(text: bytes) -> int:
    return -sum(text) & 0xFFFF


class FrameReader:
    """Cuts a stream of bytes into frames: `~` begins one wherever it comes, CR ends it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.damaged = 0
        """Frames, and pieces between them, that could not be read."""

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they come; the true frames they complete, in order."""
        return [frame for frame in self.feed_all(data) if isinstance(frame, Frame)]

    def feed_all(self, data: bytes) -> list[Frame | FrameError]:
        """As `feed`, with what was no frame in its place."""
        found: list[Frame | FrameError] = []
        self._buffer += data
        *pieces, rest = self._buffer.split(b"\r")
        for piece in pieces:
            text = bytes(piece[max(0, piece.rfind(b"~")) :])
            if text.strip():
                found.append(self._parse(text))
        # Of an unended piece only what may still become a frame is kept.
        rest = rest[max(0, rest.rfind(b"~")) :]
        self._buffer = rest if len(rest) <= _LONGEST else bytearray()
        return found

    def _parse(self, text: bytes) -> Frame | FrameError:
        try:
            return parse_frame(text)
        except FrameError as error:
            self.damaged += 1
            return error
