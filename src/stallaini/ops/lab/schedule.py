"""A schedule: what goes wrong and when. Drawn from a seed, written as one line, read back from it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from stallaini.errors import OperatorError

AMPLE_KB = 64_000
"""What a journal may take by default: no world fills it."""

_FORMAT = "lab1"
_HEAD = ("seed", "minutes", "start", "journal_kb")
_MINUTES = (8, 90)
_MOST_MISFORTUNES, _MOST_KINDS = 12, 6
_TIGHT_KB, _TIGHT_SHARE = (8, 10), 0.3

Range = tuple[int, int]

_DOWN: dict[str, Range] = {"down_s": (1, 900)}
_DYING: dict[str, Range] = {"steps": (0, 60), **_DOWN}
_FORGETTING: dict[str, Range] = {"commits": (1, 30), **_DOWN}
_RESTORING: dict[str, Range] = {"age_s": (1, 3600), **_DOWN}
_FULL: dict[str, Range] = {"for_s": (1, 1800)}
_STEPPING: dict[str, Range] = {"by_s": (-7200, 7200)}

KINDS: Mapping[str, Mapping[str, Range]] = MappingProxyType(
    {
        # The program dies, at once or before its n-th step (a statement or a datagram) from then on.
        "kill_edge": _DYING,
        "kill_server": _DYING,
        # The power goes. The edge's wall clock comes back late (behind_s; from a day on: it starts in
        # 1970), and is set right sync_s after the start.
        "cut_edge": {**_DYING, "behind_s": (0, 100_000), "sync_s": (0, 600)},
        "cut_server": _DYING,
        # The same on a disk that said it had written what it had not: the last commits are gone.
        "forget_edge": _FORGETTING,
        "forget_server": _FORGETTING,
        # The program is stopped in order.
        "stop_edge": _DOWN,
        "stop_server": _DOWN,
        # The server's database, or the edge's journal, is replaced by a copy that is age_s old.
        "restore_edge": _RESTORING,
        "restore_server": _RESTORING,
        # Every commit fails.
        "full_edge": _FULL,
        "full_server": _FULL,
        # Every commit of the server takes up to so long.
        "slow_server": {"for_s": (1, 900), "upto_ms": (1, 8000)},
        # Shares in thousandths.
        "lose": {"for_s": (1, 3600), "up": (0, 600), "down": (0, 600)},
        "double": {"for_s": (1, 3600), "share": (1, 800)},
        # Datagrams take up to so long, each its own time.
        "delay": {"for_s": (1, 1800), "upto_s": (1, 60)},
        # Nothing passes; with no_route the edge is told so at once.
        "part": {"for_s": (1, 7200), "no_route": (0, 1)},
        # The edge gets another public address.
        "move": {},
        # The wall clock jumps; negative is back.
        "step_edge": _STEPPING,
        "step_server": _STEPPING,
        # Somebody looks at the site: live values travel.
        "watch": {"for_s": (1, 60)},
        # Somebody asks the site to act: from ahead_s from then on, for for_s.
        "command": {"ahead_s": (0, 600), "for_s": (1, 1200)},
        # The site file changes: the edge is stopped and starts with other series.
        "edit": _DOWN,
    }
)
"""Every kind of misfortune, and the range of each of its arguments."""


@dataclass(frozen=True)
class Misfortune:
    """One thing that goes wrong, `at_s` seconds after the start of the world."""

    at_s: int
    what: str
    arguments: Mapping[str, int]

    def __str__(self) -> str:
        return " ".join([str(self.at_s), self.what, *(f"{k}={v}" for k, v in self.arguments.items())])

    def __getitem__(self, argument: str) -> int:
        return self.arguments[argument]


@dataclass(frozen=True)
class Schedule:
    """How long a world lasts, what goes wrong in it, and the seed of everything else that is chance.

    `start_minute` is the minute of the day (UTC) in which it begins, `journal_kb` (of 1,000 bytes) what the
    edge's journal may take.
    """

    seed: int
    minutes: int
    start_minute: int
    journal_kb: int
    misfortunes: tuple[Misfortune, ...]

    def __str__(self) -> str:
        head = (
            f"{_FORMAT} seed={self.seed} minutes={self.minutes} start={self.start_minute} "
            f"journal_kb={self.journal_kb}"
        )
        return "; ".join([head, *map(str, self.misfortunes)])


def draw_schedule(seed: int, only: Sequence[str] = ()) -> Schedule:
    """The schedule that belongs to a seed; with `only` made of these kinds alone."""
    chance = random.Random(f"schedule {seed}")
    low, high = _MINUTES
    # More short worlds than long ones: they cost less and find nearly as much.
    minutes = round(low + (high - low) * chance.random() ** 3)
    count = min(_MOST_MISFORTUNES, 1 + int(chance.expovariate(1 / 3.5)))
    # A few kinds at a time, often repeated, meet in more ways than a bit of everything.
    kinds = list(only) or chance.sample(sorted(KINDS), chance.randint(1, _MOST_KINDS))
    drawn = [_draw(chance, chance.choice(kinds), minutes * 60) for _ in range(count)]
    before_midnight = chance.randint(1, max(2, minutes + 20))
    journal_kb = chance.choice(_TIGHT_KB) if chance.random() < _TIGHT_SHARE else AMPLE_KB
    if journal_kb < AMPLE_KB and not only:
        # A small journal is only ever full when the edge is cut off for long.
        cut_off = {"for_s": chance.randint(600, 3600), "no_route": 0}
        drawn.append(Misfortune(chance.randint(0, minutes * 30), "part", cut_off))
    ordered = tuple(sorted(drawn, key=lambda fault: fault.at_s))
    return Schedule(seed, minutes, 1440 - before_midnight, journal_kb, ordered)


def parse_schedule(line: str) -> Schedule:
    """A schedule from its line. Raises OperatorError."""
    head, *parts = (part.strip() for part in line.split(";"))
    try:
        name, *fields = head.split()
        numbers = _arguments(fields)
        if name != _FORMAT or set(numbers) != set(_HEAD):
            raise ValueError(f"it does not begin with {_FORMAT} and {', '.join(_HEAD)}")
        misfortunes = tuple(_parse(part) for part in parts if part)
    except ValueError as error:
        raise OperatorError(f"this is no schedule ({error}): give a line as the lab printed it") from error
    seed, minutes, start_minute, journal_kb = (numbers[name] for name in _HEAD)
    return Schedule(seed, minutes, start_minute, journal_kb, misfortunes)


def _draw(chance: random.Random, what: str, end_s: int) -> Misfortune:
    arguments = {name: _draw_number(chance, *span) for name, span in KINDS[what].items()}
    return Misfortune(chance.randint(0, end_s), what, arguments)


def _draw_number(chance: random.Random, low: int, high: int) -> int:
    """Small numbers as often as large ones: each doubling is as likely as the one before."""
    if low < 0:
        return chance.choice((-1, 1)) * _draw_number(chance, 1, high)
    return low + round(math.exp(chance.random() * math.log(high - low + 1))) - 1


def _parse(part: str) -> Misfortune:
    at_s, what, *fields = part.split()
    arguments = _arguments(fields)
    if what not in KINDS or set(arguments) != set(KINDS[what]):
        raise ValueError(f"{part!r} is none of the known misfortunes")
    return Misfortune(int(at_s), what, arguments)


def _arguments(fields: list[str]) -> dict[str, int]:
    pairs = (field.partition("=") for field in fields)
    return {name: int(value) for name, _, value in pairs}
