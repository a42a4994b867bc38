"""What a PNG's bytes say of the picture."""

from __future__ import annotations

import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def size_of(image: bytes) -> tuple[int, int]:
    """Width and height in pixels; AssertionError when the bytes are no PNG."""
    assert image.startswith(_SIGNATURE), image[:16]
    width, height = struct.unpack(">II", image[16:24])
    return width, height
