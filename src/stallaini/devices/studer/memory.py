"""What a gateway's reader must remember over a restart so as not to tell the same twice: one small file."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

import msgspec

_log = logging.getLogger(__name__)

MESSAGES_KEPT = 64


class _File(msgspec.Struct):
    messages: list[tuple[int, int, int]] = []
    found: dict[str, str] = {}


class Memory:
    """The messages told, the newest last, and what each address was found to be; in RAM without a `path`.

    A file that cannot be read or written costs a message told twice, and nothing else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file = _File()
        if path is not None and path.exists():
            try:
                self._file = msgspec.json.decode(path.read_bytes(), type=_File)
            except (OSError, msgspec.DecodeError) as error:
                _log.warning("%s cannot be read, begun anew: %s", path, error)

    def knows_message(self, identity: tuple[int, int, int]) -> bool:
        """Whether the message of this address, time and number was told."""
        return identity in self._file.messages

    def told_messages(self, identities: list[tuple[int, int, int]]) -> None:
        """Remember messages told, the oldest first."""
        self._file.messages = (self._file.messages + identities)[-MESSAGES_KEPT:]
        self._save()

    def found(self, address: int, what: str) -> bool:
        """Remember what is at an address; whether that is news."""
        if self._file.found.get(str(address)) == what:
            return False
        self._file.found[str(address)] = what
        self._save()
        return True

    def _save(self) -> None:
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(self._file))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
