"""The SCOM frame, and finding frames in a stream of bytes (specification V1.6.32, 3.5)."""

from __future__ import annotations

import struct
from enum import IntFlag
from itertools import accumulate
from typing import NamedTuple

START = 0xAA
MIN_DATA, MAX_DATA = 10, 550
"""Data lengths: no service fits in less; the longest answer (76 infos) is longer than the rule of 240."""

_HEADER = struct.Struct("<BIIH")
_HEADER_BYTES = 1 + _HEADER.size + 2
_STRAY = b"\xff\r\n"


class Flag(IntFlag):
    """Bits of a gateway's frame flags. Real units set the reserved bits 6 and 7 too: mask, never compare."""

    MESSAGE_PENDING = 0x01
    RESTARTED = 0x02
    SD_PRESENT = 0x04
    SD_FULL = 0x08
    NEW_DATALOG = 0x10
    DATALOGGER_SUPPORTED = 0x20


class Frame(NamedTuple):
    """One frame: `flags` (0 in requests), addresses, and the service data."""

    flags: int
    src: int
    dst: int
    data: bytes


def checksum(data: bytes | bytearray) -> bytes:
    """Two bytes: A, from 0xFF on, sums the bytes; B sums the As (RFC 1146's manner, modulo 256)."""
    a = 0xFF + sum(data)
    b = sum(accumulate(data, initial=0xFF)) - 0xFF
    return bytes((a & 0xFF, b & 0xFF))


def encode_frame(frame: Frame) -> bytes:
    """The bytes on the wire. Raises ValueError when the data are shorter than 10 or longer than 550 bytes."""
    if not MIN_DATA <= len(frame.data) <= MAX_DATA:
        raise ValueError(f"a frame carries {MIN_DATA} to {MAX_DATA} bytes, not {len(frame.data)}")
    header = _HEADER.pack(frame.flags, frame.src, frame.dst, len(frame.data))
    return b"\xaa" + header + checksum(header) + frame.data + checksum(frame.data)


class FrameReader:
    """Finds true frames in a stream, whatever lies between them.

    A frame starts at an 0xAA whose header checksum and length hold, and is delivered when its data checksum
    holds too. Where anything fails only that one byte is passed over: a frame behind, or inside, a false
    start is still found.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.damaged = 0
        """Bytes passed over so far, but for the FF, CR and LF that some gateways put between frames."""

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they come; the frames they complete, in order."""
        self._buffer += data
        return self._scan(more_may_come=True)

    def flush(self) -> list[Frame]:
        """The line fell silent: give up what waits for its rest, and look for frames inside it."""
        return self._scan(more_may_come=False)

    def _scan(self, *, more_may_come: bool) -> list[Frame]:
        frames = []
        buffer, at = self._buffer, 0
        while True:
            start = buffer.find(START, at)
            self._pass_over(buffer[at : start if start >= 0 else len(buffer)])
            if start < 0:
                at = len(buffer)
                break
            size = self._size_at(start)
            if size and start + size > len(buffer):
                if more_may_come:
                    at = start
                    break
                size = 0
            frame = self._frame_at(start, size) if size else None
            if frame is None:
                self._pass_over(buffer[start : start + 1])
            else:
                frames.append(frame)
            at = start + (size if frame else 1)
        del buffer[:at]
        return frames

    def _pass_over(self, skipped: bytearray) -> None:
        if skipped:
            self.damaged += len(skipped.translate(None, _STRAY))

    def _size_at(self, start: int) -> int:
        """Bytes of the frame that starts here, as far as can be told; 0 when none does."""
        header = self._buffer[start + 1 : start + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES - 1:
            return _HEADER_BYTES
        length = header[9] | header[10] << 8
        if not MIN_DATA <= length <= MAX_DATA or header[11:] != checksum(header[:11]):
            return 0
        return _HEADER_BYTES + length + 2

    def _frame_at(self, start: int, size: int) -> Frame | None:
        data = bytes(self._buffer[start + _HEADER_BYTES : start + size - 2])
        if self._buffer[start + size - 2 : start + size] != checksum(data):
            return None
        flags, src, dst, _ = _HEADER.unpack_from(self._buffer, start + 1)
        return Frame(flags, src, dst, data)
