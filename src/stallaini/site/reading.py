"""A reading: what a device said of one channel at one instant."""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """A channel's value at a monotonic instant, in the quantity's unit.

    `value` None means the device speaks but does not report it; no Reading at all means silence.
    """

    channel: str
    monotonic_s: float
    value: float | bool | None
