"""Whether an answer is to be believed. Pure.

A value may be absurd although its frame is sound: real systems show wild numbers while a device drops off
their bus, and a checksum of two bytes lets a rare damaged frame pass. So a value outside the range of what
can be is rejected, and one that jumps further than the thing itself can is held until the next one, asked
for at once, confirms it.
"""

from __future__ import annotations

import math
from enum import Enum

from stallaini.devices.studer.polling import Poll


class Verdict(Enum):
    """What becomes of a value."""

    BELIEVED = "believed"
    HELD = "held"
    REJECTED = "rejected"


class Belief:
    """Judges the successive values of one poll. The first of all has nothing to jump from."""

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self._believed: float | None = None
        self._held: float | None = None

    def judge(self, value: float) -> Verdict:
        """Judge the next value, in the unit of its quantity."""
        poll, believed, held = self._poll, self._believed, self._held
        if not (math.isfinite(value) and poll.low <= value <= poll.high):
            return Verdict.REJECTED
        far = believed is not None and abs(value - believed) > poll.jump
        if far and (held is None or abs(value - held) > poll.jump):
            self._held = value
            return Verdict.HELD
        self._believed, self._held = value, None
        return Verdict.BELIEVED
