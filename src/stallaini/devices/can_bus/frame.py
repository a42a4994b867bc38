"""One frame as it came off a CAN bus."""

from __future__ import annotations

from typing import NamedTuple

EventData = dict[str, str | int | float | bool | None]
"""What an event tells: named scalars."""


class Frame(NamedTuple):
    """A received frame.

    `id` is the 11-bit identifier (29-bit when `extended`; the error-class bits when `error`),
    `monotonic_s` the instant it was read, `wall_s` the bus's own Unix time stamp where it gives one.
    """

    id: int
    data: bytes
    monotonic_s: float
    wall_s: float | None = None
    extended: bool = False
    remote: bool = False
    error: bool = False
