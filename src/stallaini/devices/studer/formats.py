"""How a value of each SCOM format is written in bytes (specification V1.6.32, chapter 3). Little-endian."""

from __future__ import annotations

import math
import struct
from enum import Enum

Value = bool | int | float | str


class Format(Enum):
    """The format of an object's value; MENU and UNSUPPORTED objects have none that can be asked for."""

    BOOL = "BOOL"
    FORMAT = "FORMAT"
    SHORT_ENUM = "SHORT_ENUM"
    ERROR = "ERROR"
    INT32 = "INT32"
    FLOAT = "FLOAT"
    LONG_ENUM = "LONG_ENUM"
    SIGNAL = "SIGNAL"
    STRING = "STRING"
    MENU = "MENU"
    UNSUPPORTED = "UNSUPPORTED"

    @property
    def printed(self) -> str:
        """As the specification prints it: LONG ENUM, not LONG_ENUM."""
        return self.value.replace("_", " ")


_INTEGERS = {
    Format.FORMAT: struct.Struct("<H"),
    Format.SHORT_ENUM: struct.Struct("<H"),
    Format.ERROR: struct.Struct("<H"),
    Format.INT32: struct.Struct("<i"),
    Format.LONG_ENUM: struct.Struct("<I"),
    Format.SIGNAL: struct.Struct("<i"),
}
_FLOAT = struct.Struct("<f")
_TEXT = "iso8859-15"


def encode_value(format: Format, value: Value) -> bytes:
    """The bytes of `value`. Raises ValueError when the format cannot hold it (a fraction in an enum, ...)."""
    if format is Format.STRING and isinstance(value, str):
        return value.encode(_TEXT)
    if isinstance(value, str):
        raise ValueError(f"{value!r} is no value of format {format.name}")
    try:
        return _encode_number(format, value)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"format {format.name} cannot hold {value!r}: {error}") from error


def _encode_number(format: Format, value: float) -> bytes:
    if format is Format.FLOAT:
        return _FLOAT.pack(value)
    if not float(value).is_integer():
        raise ValueError(f"format {format.name} holds whole numbers, not {value!r}")
    if format is Format.BOOL:
        if value not in (0, 1):
            raise ValueError(f"format BOOL holds 0 or 1, not {value!r}")
        return bytes([int(value)])
    layout = _INTEGERS.get(format)
    if layout is None:
        raise ValueError(f"format {format.name} holds no number")
    return layout.pack(int(value))


def encode_setting(format: Format, value: float) -> bytes:
    """As `encode_value`; what is no finite number is no setting, and raises ValueError too."""
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is no setting")
    return encode_value(format, value)


def decode_value(format: Format, data: bytes) -> Value:
    """The value in `data`. Raises ValueError on a wrong length, or a BOOL other than 0 and 1."""
    if format is Format.STRING:
        return data.decode(_TEXT)
    if format is Format.BOOL:
        if data not in (b"\0", b"\1"):
            raise ValueError(f"{data.hex()!r} is no BOOL")
        return data == b"\1"
    layout = _FLOAT if format is Format.FLOAT else _INTEGERS.get(format)
    if layout is None:
        raise ValueError(f"format {format.name} holds no value")
    if len(data) != layout.size:
        raise ValueError(f"format {format.name} takes {layout.size} bytes, not {len(data)}")
    value: int | float = layout.unpack(data)[0]
    return value


def decode_number(format: Format, data: bytes) -> float:
    """As `decode_value`, as a float; raises ValueError for a text too."""
    value = decode_value(format, data)
    if isinstance(value, str):
        raise ValueError("a text is no number")
    return float(value)


def joined_words(msb: float, lsb: float) -> int:
    """The 32 bits of two 16-bit infos: a software version or a serial number (FID). Raises ValueError."""
    for word in (msb, lsb):
        if word not in range(0x1_0000):
            raise ValueError(f"{word!r} is no 16-bit word")
    return int(msb) << 16 | int(lsb)


def software_version(msb: float, lsb: float) -> tuple[int, int, int]:
    """The version x.y.z of the infos "ID SOFT msb" and "lsb". Raises ValueError when they are no words."""
    bits = joined_words(msb, lsb)
    return bits >> 24, bits >> 8 & 0xFF, bits & 0xFF
