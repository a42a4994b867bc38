"""Large blocks of memory go back to the system once they are free."""

from __future__ import annotations

import ctypes

# Names and numbers of malloc.h (mallopt(3)).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE_BYTES = 128 * 1024


def give_back_large_blocks() -> bool:
    """Keep the C library from learning to keep them: a year's columns would else stay for good (90 MB).

    Where it has no such setting (musl, macOS) nothing changes and the answer is False.
    """
    try:
        setting = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    setting.argtypes, setting.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    return all(setting(name, _LARGE_BYTES) == 1 for name in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD))
