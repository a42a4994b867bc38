"""What was used on the metered interface, by day of the site's zone and by purpose, kept in a small file."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import msgspec

from stallaini.link.accounting import PURPOSES, Purpose
from stallaini.site.billing import BillingMonth
from stallaini.site.config import Mode

logger = logging.getLogger(__name__)

_KEPT_DAYS = 70
_MODE = 0o600


class DayUsage(msgspec.Struct, omit_defaults=True):
    """One day's bytes up and down by purpose; bytes not sent thanks to batches and to declined live values.

    `told`: the event with the whole day's figures is in the journal.
    """

    up: dict[str, int] = {}
    down: dict[str, int] = {}
    batching_saved: int = 0
    live_saved: int = 0
    told: bool = False

    @property
    def total_bytes(self) -> int:
        """Both ways."""
        return sum(self.up.values()) + sum(self.down.values())

    def of(self, purpose: Purpose) -> int:
        """The bytes of one purpose, both ways."""
        return self.up.get(purpose, 0) + self.down.get(purpose, 0)


class Seen(msgspec.Struct):
    """Counters of an interface as last read, and the boot they count from."""

    boot_id: str
    interface: str
    counters: tuple[int, int, int, int]


class Asked(msgspec.Struct):
    """The mode that a command asked for, until that Unix second; None: for good."""

    mode: Mode
    until_s: int | None


class _File(msgspec.Struct):
    days: dict[str, DayUsage] = {}
    seen: dict[str, Seen] = {}
    asked: Asked | None = None


class Usage:
    """The days, newest 70, in RAM and (with a path) in a JSON file that `save` replaces as a whole.

    `seen` keeps the interfaces' counters by role, so that a restarted program finds what passed meanwhile;
    `asked` the mode that a command asked for.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        found = _File() if path is None else _read(path)
        self._days = found.days
        self.seen = found.seen
        self.asked = found.asked

    def day(self, day: date) -> DayUsage:
        """The usage of a day, to be added to."""
        return self._days.setdefault(day.isoformat(), DayUsage())

    @property
    def newest(self) -> date | None:
        """The newest day with any usage."""
        return date.fromisoformat(max(self._days)) if self._days else None

    def days(self, month: BillingMonth) -> Iterable[DayUsage]:
        """The days of a month that have any usage."""
        count = (month.end - month.first).days
        names = ((month.first + timedelta(days=offset)).isoformat() for offset in range(count))
        return [self._days[name] for name in names if name in self._days]

    def used_bytes(self, month: BillingMonth) -> int:
        """Both ways, all purposes."""
        return sum(day.total_bytes for day in self.days(month))

    def untold(self, before: date) -> list[date]:
        """The days before that one whose figures are not told yet, oldest first."""
        names = sorted(name for name, day in self._days.items() if not day.told and name < before.isoformat())
        return [date.fromisoformat(name) for name in names]

    def fold(self, earliest: date, into: date) -> None:
        """Move what was counted on days before `earliest`, when the clock was wrong, to the day `into`."""
        for name in [name for name in self._days if name < earliest.isoformat()]:
            early = self._days.pop(name)
            target = self.day(into)
            for purpose in PURPOSES:
                for ours, theirs in ((target.up, early.up), (target.down, early.down)):
                    if purpose in theirs:
                        ours[purpose] = ours.get(purpose, 0) + theirs[purpose]

    def save(self) -> bool:
        """Replace the file, durably. False: it could not be written, everything stays in RAM."""
        if self._path is None:
            return True
        for name in sorted(self._days)[:-_KEPT_DAYS]:
            del self._days[name]
        data = msgspec.json.encode(_File(self._days, self.seen, self.asked))
        aside = self._path.with_name(self._path.name + ".new")
        try:
            _write_synced(aside, data)
            aside.replace(self._path)
        except OSError as error:
            logger.warning("the link's usage cannot be written to %s: %s", self._path, error.strerror)
            return False
        return True


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File()
    except (OSError, msgspec.DecodeError) as error:
        logger.warning("the link's usage in %s cannot be read (%s): counting begins anew", path, error)
        return _File()


def _write_synced(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
