"""What was written and how often today, on disk: a restart forgets neither a count nor an intent's end."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from stallaini.clock import Clock

_DAY_S = 86_400.0
_ENDLESS = 1_000_000


class Held(msgspec.Struct, frozen=True):
    """An intent that was written and has not ended.

    `flash` is what flash held when it was first asserted: a restart of the device falls back to it.
    `until_wall_s` is Unix time.
    """

    address: int
    nr: int
    value: float
    issuer: str
    until_wall_s: float
    flash: float | None = None


class _State(msgspec.Struct, frozen=True):
    day: str = ""
    spent: dict[str, int] = {}
    held: tuple[Held, ...] = ()
    closed: bool = False


_DECODER = msgspec.json.Decoder(_State)


class Ledger:
    """The file of one gateway. Every change is on disk when the method returns; OSError when it cannot be.

    A day is one of the site's zone. While the clock is not known to be right, a day ends 24 hours after
    this program began to count. A file that cannot be read counts as a day all spent.
    """

    def __init__(self, path: Path, zone: ZoneInfo, clock: Clock) -> None:
        self._path = path
        self._zone = zone
        self._clock = clock
        self._since_s = clock.monotonic_s()
        self._state = self._load()

    def spent(self, address: int, nr: int) -> int:
        """Writes of one parameter today; endless when today's were lost."""
        state = self._now()
        return _ENDLESS if state.closed else state.spent.get(_key(address, nr), 0)

    def spend(self, address: int, nr: int) -> None:
        """Count one write, before it is made."""
        state = self._now()
        key = _key(address, nr)
        self._save(replace(state, spent={**state.spent, key: state.spent.get(key, 0) + 1}))

    def held(self) -> tuple[Held, ...]:
        """Every intent that has not ended, oldest first."""
        return self._state.held

    def find(self, address: int, nr: int) -> Held | None:
        """The intent for one parameter."""
        return next((each for each in self._state.held if (each.address, each.nr) == (address, nr)), None)

    def hold(self, held: Held) -> None:
        """Keep an intent, in place of an earlier one for the same parameter."""
        self._save(replace(self._state, held=(*self._without(held.address, held.nr), held)))

    def drop(self, address: int, nr: int) -> None:
        """Forget an intent."""
        self._save(replace(self._state, held=self._without(address, nr)))

    def _without(self, address: int, nr: int) -> tuple[Held, ...]:
        return tuple(each for each in self._state.held if (each.address, each.nr) != (address, nr))

    def _now(self) -> _State:
        """The state of today: a new day begins with nothing spent, one that goes back keeps its count."""
        state, today = self._state, self._today()
        if today is None:
            over = self._clock.monotonic_s() - self._since_s >= _DAY_S
            return self._begun(state.day) if over else state
        if state.day == "" or today < state.day:
            self._state = replace(state, day=today)
        elif today > state.day:
            return self._begun(today)
        return self._state

    def _begun(self, day: str) -> _State:
        self._since_s = self._clock.monotonic_s()
        self._state = replace(self._state, day=day, spent={}, closed=False)
        return self._state

    def _today(self) -> str | None:
        if not self._clock.synchronized():
            return None
        return datetime.fromtimestamp(self._clock.wall_s(), UTC).astimezone(self._zone).date().isoformat()

    def _load(self) -> _State:
        try:
            return _DECODER.decode(self._path.read_bytes())
        except FileNotFoundError:
            return _State()
        except (OSError, msgspec.DecodeError):
            return _State(day=self._today() or "", closed=True)

    def _save(self, state: _State) -> None:
        """On disk first, then here."""
        if state == self._state:
            return
        new = self._path.with_name(self._path.name + ".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._state = state


def _key(address: int, nr: int) -> str:
    return f"{address}/{nr}"
