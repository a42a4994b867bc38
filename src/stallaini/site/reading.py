"""A reading: what a device said of one channel at one instant."""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """A channel's value at a monotonic instant, in the quantity's unit.

    `value` None means the device speaks but does not report it; no Reading at all means silence.
    `aggregate` names what a device made of its own last minute ("mean", "min", "max"): such a reading is
    kept as that aggregate of the running minute, and is no live value.
    """

    channel: str
    monotonic_s: float
    value: float | bool | None
    aggregate: str | None = None
