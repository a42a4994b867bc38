"""Memory that large answers took goes back to the system once it is free."""

from __future__ import annotations

import ctypes

from stallaini.clock import Clock

_EACH_S = 20.0


async def give_back_forever(clock: Clock) -> None:
    """Give free memory back now and then: the columns of a year would else stay for good (90 MB).

    Keeping large blocks out of the heap would do it at once, but make such an answer thrice as slow.
    """
    while give_back():
        await clock.sleep(_EACH_S)


def give_back() -> bool:
    """Ask the C library to return what is free; False where it cannot be asked (musl, macOS)."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return False
    trim(0)
    return True
