"""The range codec gives back every minute, whatever happened in it; any other bytes are refused quickly."""

from __future__ import annotations

import contextlib
import itertools
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.link.codec import MAX_MINUTE, DeltaCodec
from stallaini.link.codec_range import NAMED, SHIPPED, Codecs, RangeCodec, UnknownModel
from stallaini.link.codec_reader import MinuteReader
from stallaini.link.codec_state import MAX_RUN_MINUTES, run_minutes
from stallaini.link.codec_writer import MinuteWriter
from stallaini.link.messages import Minute
from stallaini.link.model import Model, SeriesKind
from stallaini.link.rangecoder import RangeEncoder
from stallaini.link.varint import Malformed
from stallaini.site.description import Description

MUTATIONS = 1500
FIXED = st.integers(-(2**63), 2**63 - 1)
KINDS = tuple(
    SeriesKind(f"{channel}.{aggregate}", quantity, aggregate, resolution, channel)
    for channel, quantity, aggregate, resolution in [
        ("battery.voltage", "voltage", "mean", 0.01),
        ("battery.voltage", "voltage", "min", 0.01),
        ("battery.current", "current", "mean", 0.1),
        ("battery.soc", "soc", "last", 0.01),
        ("battery.charge_enabled", "flag", "max", 1),
        ("battery.power", "power", "mean", 1),
        ("battery.power", "power", "max", 1),
        ("shed.sound", "sound", "last", 2.5),
    ]
)
OWN = Model({"*": {0: 3, 5: 60_000}})
CODECS = [RangeCodec(KINDS), RangeCodec(KINDS, OWN)]


@st.composite
def runs(draw: st.DrawFn) -> list[Minute]:
    """Minutes as a site makes them: mostly one after the other with small changes, sometimes not."""
    number = draw(st.integers(0, MAX_MINUTE))
    values = [draw(st.none() | st.integers(-300, 6000) | FIXED) for _ in KINDS]
    minutes = []
    for _ in range(draw(st.integers(1, 12))):
        span = draw(st.sampled_from([1, 1, 1, 15, 1440]))
        minutes.append(Minute(number, tuple(values), span))
        number = draw(st.sampled_from([number + span] * 3 + [number + 61, number - 5, 0, MAX_MINUTE]))
        number = max(0, min(MAX_MINUTE, number))
        step = draw(st.sampled_from([0, 1, -3, 10, 100, 1000]))
        for position, value in enumerate(values):
            move = draw(st.sampled_from(["stay", "stay", "along", "own", "gone", "jump"]))
            if move == "gone":
                values[position] = None
            elif move == "jump":
                values[position] = draw(FIXED)
            elif move != "stay":
                change = step if move == "along" else draw(st.integers(-70, 70))
                values[position] = max(-(2**63), min(2**63 - 1, (value or 0) + change))
    return minutes


def encode(codec: RangeCodec, minutes: list[Minute], base: Minute | None = None) -> bytes:
    encoder = codec.encoder(base)
    sizes = [encoder.add(minute) for minute in minutes]
    data = encoder.finish()
    assert not sizes or len(data) == sizes[-1]
    return data


@pytest.mark.parametrize("codec", CODECS, ids=["shipped", "own"])
@given(run=runs())
def test_a_run_comes_out_as_it_went_in_self_contained_and_chained(
    codec: RangeCodec, run: list[Minute]
) -> None:
    assert codec.decode(encode(codec, run), None, len(KINDS)) == run
    base, rest = run[0], run[1:]
    assert codec.decode(encode(codec, rest, base), base, len(KINDS)) == rest


@given(runs())
def test_a_run_without_series_is_as_good(run: list[Minute]) -> None:
    bare = [Minute(minute.minute, (), minute.span_minutes) for minute in run]
    codec = RangeCodec(())
    assert codec.decode(encode(codec, bare), None, 0) == bare


def test_no_minutes_are_no_bytes() -> None:
    for codec in CODECS:
        assert encode(codec, []) == b""
        assert codec.decode(b"", None, len(KINDS)) == []


def test_random_and_mutated_bytes_are_minutes_or_malformed() -> None:
    chance, codec = random.Random(1), CODECS[0]
    base = Minute(29_000_000, (5230, 5221, -128, 6200, 0, 900, None, 7))
    good = encode(
        codec, [Minute(base.minute + 1 + n, (5231, 5220 + n, n, 6200, 1, None, 4, 7)) for n in range(9)]
    )
    for _ in range(MUTATIONS):
        data = bytearray(good if chance.random() < 0.7 else chance.randbytes(chance.randrange(40)))
        for _ in range(chance.randrange(4)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        data = data[: chance.randrange(len(data) + 1)] if chance.random() < 0.3 else data
        with contextlib.suppress(Malformed):
            for minute in codec.decode(bytes(data), chance.choice([None, base]), len(KINDS)):
                assert len(minute.values) == len(KINDS)
                assert 0 <= minute.minute <= MAX_MINUTE
                assert 1 <= minute.span_minutes <= 1440


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_end_and_what_they_say_can_be_said_again(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        minutes = CODECS[0].decode(data, None, len(KINDS))
        assert CODECS[0].decode(encode(CODECS[0], minutes), None, len(KINDS)) == minutes


@pytest.mark.parametrize(("width", "most"), [(0, MAX_RUN_MINUTES), (64, MAX_RUN_MINUTES), (200, 460)])
def test_a_few_bytes_cannot_claim_more_than_a_day_of_64_series(width: int, most: int) -> None:
    assert run_minutes(width) == most
    kinds = (SeriesKind("x", "flag", "max", 1),) * width
    codec, coder = RangeCodec(kinds), RangeEncoder()
    writer = MinuteWriter(codec.layout, None, coder.bit)
    for number in range(most + 1):
        writer.write(Minute(number, (0,) * width))
    with pytest.raises(Malformed, match=f"more than {most} minutes"):
        codec.decode(coder.finish(), None, width)
    encoder = codec.encoder(None)
    for number in range(most):
        encoder.add(Minute(number, (0,) * width))
    with pytest.raises(ValueError, match=f"at most {most}"):
        encoder.add(Minute(most, (0,) * width))


def test_a_number_without_end_is_malformed() -> None:
    layout = RangeCodec((SeriesKind("shed.sound.last", "sound", "last", 1),)).layout
    a_minute_that_follows_with_a_change = (1, 0, 1, 0)
    answers = itertools.chain(a_minute_that_follows_with_a_change, itertools.repeat(1))
    reader = MinuteReader(layout, Minute(7, (5,)), lambda _odds: next(answers))
    with pytest.raises(Malformed, match="more than 66 bits"):
        reader.read()


def test_bytes_behind_the_end_are_malformed() -> None:
    data = encode(CODECS[0], [Minute(7, (1,) * len(KINDS))])
    with pytest.raises(Malformed, match="bytes too many"):
        CODECS[0].decode(data + b"\0\0\0\0\0\1", None, len(KINDS))


@pytest.mark.parametrize(
    ("minute", "says"),
    [
        (Minute(1, (2**63, *[0] * 7)), "64 bits"),
        (Minute(-1, (0,) * 8), "out of range"),
        (Minute(1, (0,) * 8, 0), "spans 0"),
        (Minute(MAX_MINUTE + 1, (0,) * 8), "out of range"),
        (Minute(1, (0,)), "1 series"),
    ],
)
def test_what_has_no_code_is_refused_at_the_sender(minute: Minute, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CODECS[0].encoder(None).add(minute)


def test_a_base_of_another_width_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="a base of 1 series"):
        CODECS[0].encoder(Minute(1, (1,)))
    with pytest.raises(ValueError, match="a codec of 8 series"):
        CODECS[0].decode(b"", Minute(1, (1,)), 8)
    with pytest.raises(ValueError, match="for minutes of 7"):
        CODECS[0].decode(b"", None, 7)


def test_a_steady_hour_costs_next_to_nothing() -> None:
    base = Minute(1000, (5230, 5221, 0, 6200, 0, 0, 0, 7))
    hour = [Minute(1001 + number, base.values) for number in range(60)]
    assert len(encode(CODECS[0], hour, base)) <= 20
    delta = DeltaCodec().encoder(base)
    for minute in hour:
        delta.add(minute)
    assert len(delta.finish()) == 120


def test_a_series_that_follows_its_neighbour_costs_less_than_one_on_its_own() -> None:
    base = Minute(1000, (5230, 5230, 0, 6200, 0, 0, 0, 7))
    along = [Minute(1001 + n, (5230 - 3 * n, 5230 - 3 * n, *base.values[2:])) for n in range(15)]
    apart = [Minute(1001 + n, (5230 - 3 * n, 5230 - 7 * (n * 5 % 4), *base.values[2:])) for n in range(15)]
    assert len(encode(CODECS[0], along, base)) < 0.7 * len(encode(CODECS[0], apart, base))


def test_power_that_is_voltage_times_current_costs_next_to_nothing() -> None:
    base = Minute(1000, (5000, 5000, 100, 6200, 0, 500, 500, 7))
    powered, unpowered = [], []
    for number in range(1, 16):
        current = 100 + number * 37 % 23
        values = (5000, 5000, current, 6200, 0, current * 5, current * 5, 7)
        powered.append(Minute(1000 + number, values))
        unpowered.append(Minute(1000 + number, (*values[:5], 500, 500, 7)))
    assert len(encode(CODECS[0], powered, base)) - len(encode(CODECS[0], unpowered, base)) <= 6


def described(minute_model: str = "") -> Description:
    return Description(
        site="s", title="S", timezone="UTC", latitude=None, longitude=None,
        devices=(), channels=(), series=(), loads=(), minute_model=minute_model,
    )  # fmt: skip


def test_the_description_says_which_model_the_minutes_are_coded_by() -> None:
    other = Model({"*": {1: 9}})
    codecs = Codecs(described(OWN.id.hex()), [other, OWN])
    assert codecs.own is codecs.preferred
    assert (codecs.shipped.version, codecs.preferred.version) == (SHIPPED, NAMED)
    coded = encode(codecs.preferred, [Minute(5, ())])
    assert codecs.chosen(NAMED).decode(coded, None, 0) == [Minute(5, ())]
    assert codecs.chosen(SHIPPED) is codecs.shipped
    assert codecs.chosen(1).version == 1
    with pytest.raises(Malformed, match="codec 9"):
        codecs.chosen(9)


def test_without_the_model_nothing_is_read_by_it() -> None:
    lacking = Codecs(described(OWN.id.hex()))
    assert lacking.preferred is lacking.shipped
    with pytest.raises(UnknownModel, match=f"no minute model {OWN.id.hex()} here"):
        lacking.chosen(NAMED)
    with pytest.raises(UnknownModel):
        Codecs(described(), [OWN]).chosen(NAMED)


def test_a_description_that_names_no_model_is_the_bytes_it_always_was() -> None:
    assert b"minute_model" not in msgspec.json.encode(described())
    assert described("0a0b0c0d").hash() != described().hash()
