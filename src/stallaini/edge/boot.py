"""Which boot of the machine this is: monotonic times compare only within one."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

BOOT_ID_BYTES = 8
_KERNEL_FILE = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id(file: Path = _KERNEL_FILE) -> bytes:
    """Eight bytes that name this boot: from the kernel's UUID, or random where there is none.

    The random ones make every start of the program a boot of its own, which is safe: times of
    different boots are never compared.
    """
    try:
        return uuid.UUID(file.read_text().strip()).bytes[:BOOT_ID_BYTES]
    except (OSError, ValueError):
        return os.urandom(BOOT_ID_BYTES)
