"""Memory that answers took is shared between threads, and goes back to the system once it is free."""

from __future__ import annotations

import ctypes

from stallaini.clock import Clock

_EACH_S = 20.0
# From glibc's malloc.h.
_M_ARENA_MAX = -8
_ARENAS = 2


def share_heaps() -> bool:
    """Let all threads have two heaps together instead of one each; False where it cannot be said.

    To be called before there are threads. Each reader of the database else keeps what its largest answer
    took: 30 MB on a server of ten sites. Python's lock lets few threads ask for memory at once anyway.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(set_option(_M_ARENA_MAX, _ARENAS))


async def give_back_forever(clock: Clock) -> None:
    """Give free memory back now and then, which the C library else keeps for the next large answer.

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
