"""Bytes that no edge ever sent, for the decoder of minutes: it must end soon, in minutes or `Malformed`."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stallaini.link.codec import MAX_MINUTE
from stallaini.link.codec_range import RangeCodec
from stallaini.link.codec_reader import MinuteReader
from stallaini.link.codec_state import MAX_RUN_VALUES
from stallaini.link.messages import Minute
from stallaini.link.model import SeriesKind
from stallaini.link.rangecoder import EVEN, ONE, RangeEncoder
from stallaini.link.varint import HIGHEST, LOWEST, Malformed
from stallaini.ops.bench.report import Figure
from stallaini.ops.codec_columns import COLUMNS, DERIVED
from stallaini.site.quantities import AGGREGATES, QUANTITIES

_MESSAGE_BYTES = 1024
_SHARES = (4, 89, 6, 1)
"""How often each site is fed: the wide one rarely, it takes a hundred times as long."""
_LONGEST_EVERY = 5000
_OPEN, _UNLIKELY = ONE // 16, (0.0, 0.001, 0.02)
"""How often an input is as long a run as there can be; and in what share of the decisions whose odds are open
it takes the less likely answer: so that values move, and forecasts are made."""


@dataclass(frozen=True)
class Fuzzed:
    """What a fuzzing found. `broken` counts inputs that raised anything but Malformed."""

    inputs: int
    decoded: int
    refused: int
    broken: int
    slowest_ms: float
    most_values: int

    @property
    def figures(self) -> list[Figure]:
        """As the bench prints it."""
        return [
            Figure("inputs", self.inputs, ""),
            Figure("  that are minutes", self.decoded, ""),
            Figure("  refused as malformed", self.refused, ""),
            Figure("  that raised anything else", self.broken, ""),
            Figure("slowest decode", self.slowest_ms, "ms CPU"),
            Figure(f"most values of one input (bound {MAX_RUN_VALUES})", self.most_values, ""),
        ]


def fuzz(count: int, seed: int = 1, progress: Callable[[int], None] = lambda _: None) -> Fuzzed:
    """Feed `count` random and mutated inputs; the same seed feeds the same."""
    chance = random.Random(seed)
    subjects = [_Subject(kinds, chance) for kinds in _sites()]
    decoded = refused = broken = most_values = slowest_ns = 0
    long_ones = [(subject, data) for subject in subjects for data in subject.longest]
    for number in range(count):
        progress(number)
        if number % _LONGEST_EVERY < len(long_ones):
            subject, data = long_ones[number % _LONGEST_EVERY]
        else:
            subject = chance.choices(subjects, _SHARES)[0]
            data = _disturbed(chance, subject.good)
        base = subject.base if data in subject.longest else chance.choice((None, subject.base, subject.far))
        started_ns = time.process_time_ns()
        try:
            minutes = subject.codec.decode(data, base, subject.codec.layout.width)
        except Malformed:
            refused += 1
        except Exception:
            broken += 1
        else:
            decoded += 1
            most_values = max(most_values, len(minutes) * subject.codec.layout.width)
        slowest_ns = max(slowest_ns, time.process_time_ns() - started_ns)
    return Fuzzed(count, decoded, refused, broken, slowest_ns / 1e6, most_values)


class _Subject:
    """A site whose decoder is fed: good bytes, what they are chained to, and a base of extreme values."""

    def __init__(self, kinds: tuple[SeriesKind, ...], chance: random.Random) -> None:
        self.codec = RangeCodec(kinds)
        values = [chance.randrange(-300, 6000) for _ in kinds]
        self.base = Minute(29_000_000, tuple(values))
        self.far = Minute(MAX_MINUTE, tuple(chance.choice((None, LOWEST, HIGHEST)) for _ in kinds))
        encoder = self.codec.encoder(self.base)
        for number in range(1, 4):
            values = [value + chance.choice((0, 0, 0, 1, -1, 10, -40)) for value in values]
            encoder.add(Minute(self.base.minute + number, tuple(values)))
        self.good = encoder.finish()
        self.longest = [self._longest(share) for share in _UNLIKELY]

    def _longest(self, unlikely: float) -> bytes:
        """A message in which nearly each decision is the likelier one: many minutes for few bytes."""
        coder, chance, asked = RangeEncoder(), random.Random(0), 0

        def bit(odds: int) -> int:
            nonlocal asked
            asked += 1
            open_odds = min(odds, ONE - odds) > _OPEN
            # The first question of a minute is whether there is one.
            told = int(asked == 1 or (odds < EVEN) ^ (open_odds and chance.random() < unlikely))
            coder.bit(odds, told)
            return told

        reader = MinuteReader(self.codec.layout, self.base, bit)
        with contextlib.suppress(Malformed):
            while len(coder.finish()) < _MESSAGE_BYTES and reader.minutes < self.codec.layout.max_minutes:
                asked = 0
                reader.read()
        return coder.finish((reader.stop_odds(), 0))


def _disturbed(chance: random.Random, good: bytes) -> bytes:
    """Random bytes, some with one answer for ever after, or good ones with a few changed, cut or longer."""
    if chance.random() < 0.3:
        end = chance.choice((b"", b"\0", b"\xff")) * 40
        return chance.randbytes(chance.randrange(20)) + end
    data = bytearray(good)
    for _ in range(chance.randrange(4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]
    elif chance.random() < 0.1:
        data += chance.randbytes(chance.randrange(1, 60))
    return bytes(data)


def _sites() -> Iterator[tuple[SeriesKind, ...]]:
    """No series at all, a few, all that the recordings have, and 200 of every quantity and aggregate."""
    recorded = tuple(column.kind for column in COLUMNS) + tuple(derived.kind for derived in DERIVED)
    yield ()
    yield recorded[:12]
    yield recorded
    every_kind = [
        SeriesKind(
            f"x.{quantity.name}.{aggregate}",
            quantity.name,
            aggregate,
            quantity.resolution,
            f"x.{quantity.name}",
        )
        for quantity in QUANTITIES.values()
        for aggregate in AGGREGATES
    ]
    yield tuple(every_kind[position % len(every_kind)] for position in range(200))
