"""The decisions a minute's values are told by, and the slot of each in a table of odds.

A *slot* is one decision in one situation. The layout is part of the model's format: a model file names
`SLOTS`, and one made for another layout is refused. docs/explanation/the-codec.md tells what the
decisions mean.
"""

from __future__ import annotations

HISTORIES, GRAINS, NEIGHBOURS, BUSY = 16, 4, 5, 3
"""Situations of CHANGED: the last three minutes, the grain of the value, the neighbour, the two before."""
STEPS = (1, 10, 100)
SIZES, NEIGHBOUR_SIZES = 8, 4
LENGTHS = 20
"""Lengths in bits that have odds of their own; longer numbers are told at even odds."""
TREE, SHORT_TREE = 15, 3
"""Nodes of the leading bits of a number: four of them, or two."""
SOURCES, ERRORS = 6, 10
"""Situations of a forecast: what it goes by, how long in bits its usual error is."""
OFFS, ROOMS, COURSES = 8, 4, 3
"""And: who else was off; the room up to the bounds; whether it is up, down or level."""

CHANGED = 0
GONE = CHANGED + HISTORIES * GRAINS * NEIGHBOURS * BUSY
BACK = GONE + 1
MOVED = BACK + 2
SAME = MOVED + 1
NEGATIVE = SAME + 4
TENS = NEGATIVE + 18
HUNDREDS = TENS + GRAINS
LENGTH = HUNDREDS + GRAINS
DIGITS = LENGTH + len(STEPS) * SIZES * NEIGHBOUR_SIZES * LENGTHS
OFF = DIGITS + len(STEPS) * LENGTHS * TREE
STAYED = OFF + SOURCES * ERRORS * OFFS
LOWER = STAYED + SOURCES * ERRORS
OFF_LENGTH = LOWER + SOURCES * ROOMS * ROOMS * COURSES
OFF_DIGITS = OFF_LENGTH + SOURCES * ERRORS * LENGTHS
FIRST_NEGATIVE = OFF_DIGITS + SOURCES * LENGTHS * TREE
FIRST_LENGTH = FIRST_NEGATIVE + 2
FIRST_DIGITS = FIRST_LENGTH + 2 * LENGTHS
SLOTS = FIRST_DIGITS + 2 * LENGTHS * SHORT_TREE


def grain(value: int) -> int:
    """What a value's last digits tell of its device's steps: 0 any, 1 tens, 2 hundreds, 3 it is zero."""
    if value == 0:
        return 3
    if value % 10:
        return 0
    return 1 if value % 100 else 2


SIZE_OF_LENGTH = (0, 1, 2, 3, 4, 5, 5, 6)
"""The situation for the length in bits of the change before, capped at the last."""
SIZE_AT_ZERO = 7
NEIGHBOUR_SIZE_OF_LENGTH = (0, 1, 2, 2, 2, 3)


def size_after(length: int) -> int:
    """The situation of a change whose series last changed by a number `length` bits long (0: not yet)."""
    return SIZE_OF_LENGTH[min(length, len(SIZE_OF_LENGTH) - 1)]


def size_beside(length: int) -> int:
    """The situation of a change whose neighbour changed by a number `length` bits long (0: it did not)."""
    return NEIGHBOUR_SIZE_OF_LENGTH[min(length, len(NEIGHBOUR_SIZE_OF_LENGTH) - 1)]
