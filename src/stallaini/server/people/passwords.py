"""Passwords as Argon2id hashes, computed off the event loop and two at a time."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 8
MAX_LENGTH = 256

# 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet, Argon2id; a Pi 4 needs about 0.1 s.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class WeakPassword(ValueError):
    """The password cannot be used; the message says why."""


def hash_password(password: str) -> str:
    """The Argon2id hash to store. Raises WeakPassword. Slow on purpose."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(
            f"the password has {len(password)} characters; it needs {MIN_LENGTH} to {MAX_LENGTH}"
        )
    return _HASHER.hash(password)


def password_matches(stored_hash: str, password: str) -> bool:
    """Whether `password` belongs to the hash. Slow on purpose."""
    try:
        return _HASHER.verify(stored_hash, password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False


class PasswordChecker:
    """Checks passwords in threads; each takes 19 MiB and a core.

    Strangers wait in one line, people from places they are known at in another: however many guess, the
    owner's password is looked at at once.
    """

    def __init__(self) -> None:
        self._strangers, self._known = asyncio.Semaphore(1), asyncio.Semaphore(1)
        self._nobody = _HASHER.hash("nobody has this password")

    async def matches(self, stored_hash: str | None, password: str, *, known: bool = False) -> bool:
        """Whether the password fits; without a hash (nobody by that name) as slow as a wrong password."""
        async with self._known if known else self._strangers:
            fits = await asyncio.to_thread(password_matches, stored_hash or self._nobody, password)
        return fits and stored_hash is not None
