"""Decisions come back as they went in, at whatever odds, in about as many bits as they deserve."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.link.rangecoder import EVEN, ONE, RangeDecoder, RangeEncoder

ODDS = st.sampled_from([1, ONE - 1, EVEN, ONE - 24]) | st.integers(1, ONE - 1)
DECISIONS = st.lists(st.tuples(ODDS, st.integers(0, 1)), max_size=400)


def encoded(decisions: list[tuple[int, int]]) -> RangeEncoder:
    encoder = RangeEncoder()
    for odds, bit in decisions:
        encoder.bit(odds, bit)
    return encoder


@given(DECISIONS)
def test_decisions_come_back(decisions: list[tuple[int, int]]) -> None:
    decoder = RangeDecoder(encoded(decisions).finish())
    assert [decoder.bit(odds) for odds, _ in decisions] == [bit for _, bit in decisions]


@given(DECISIONS, st.tuples(ODDS, st.integers(0, 1)))
def test_an_end_can_be_asked_for_and_the_run_goes_on(
    decisions: list[tuple[int, int]], last: tuple[int, int]
) -> None:
    encoder = encoded(decisions)
    assert encoder.finish(last) == encoded([*decisions, last]).finish()
    assert encoder.finish() == encoded(decisions).finish()


@given(DECISIONS)
def test_the_decoder_reads_all_that_was_written(decisions: list[tuple[int, int]]) -> None:
    data = encoded(decisions).finish()
    decoder = RangeDecoder(data)
    for odds, _ in decisions:
        decoder.bit(odds)
    assert decoder.position >= len(data)


@pytest.mark.parametrize("bit", [0, 1])
def test_a_carry_passes_through_a_long_run_of_full_bytes(bit: int) -> None:
    # All ones leave `low` just under a carry; what follows decides whether it comes.
    decisions = [(EVEN, 1)] * 100 + [(1, bit), (ONE - 1, 1 - bit)] * 40
    decoder = RangeDecoder(encoded(decisions).finish())
    assert [decoder.bit(odds) for odds, _ in decisions] == [bit for _, bit in decisions]


def test_the_size_is_what_the_odds_promise() -> None:
    chance = random.Random(5)
    decisions = [(58_000, int(chance.random() >= 58_000 / ONE)) for _ in range(20_000)]
    promised = sum(-math.log2((odds if not bit else ONE - odds) / ONE) for odds, bit in decisions) / 8
    assert len(encoded(decisions).finish()) == pytest.approx(promised, rel=0.005)
