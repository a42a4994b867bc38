"""Chance from a seed: what the programs draw at random is drawn anew, the same for the same seed."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Until the end of the block `random`, `secrets.token_bytes` and `os.urandom` follow from `seed`."""
    state = random.getstate()
    source = random.Random(f"programs {seed}")
    random.seed(seed)

    def token_bytes(nbytes: int | None = None) -> bytes:
        return source.randbytes(32 if nbytes is None else nbytes)

    try:
        with replaced(os, "urandom", source.randbytes), replaced(secrets, "token_bytes", token_bytes):
            yield
    finally:
        random.setstate(state)


@contextlib.contextmanager
def replaced(module: Any, name: str, stand_in: object) -> Iterator[None]:
    """Another thing under a module's name until the end of the block."""
    original = getattr(module, name)
    setattr(module, name, stand_in)
    try:
        yield
    finally:
        setattr(module, name, original)
