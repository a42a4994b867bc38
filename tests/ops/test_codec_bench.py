"""An outage drains in few bytes, bad bytes break nothing, and the house to learn from is a true one."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from stallaini.cli import main
from stallaini.link.codec_range import RangeCodec
from stallaini.link.codec_state import MAX_RUN_VALUES
from stallaini.ops.bench.codec_fuzz import fuzz
from stallaini.ops.bench.codec_outage import HEAD_BYTES, MESSAGE_BYTES, message_sizes, outage
from stallaini.ops.codec_house import house_recordings


def test_a_day_of_forty_series_drains_in_ten_kilobytes() -> None:
    kinds, minutes = outage()
    assert (len(kinds), len(minutes)) == (40, 1441)
    sizes = message_sizes(RangeCodec(kinds), minutes)
    assert sum(sizes) <= 10_000
    assert max(sizes) <= MESSAGE_BYTES
    assert all(size > MESSAGE_BYTES - 3 * HEAD_BYTES for size in sizes[:-1])


def test_bad_bytes_are_refused_or_minutes_and_never_take_long() -> None:
    fuzzed = fuzz(2000)
    assert fuzzed.broken == 0
    assert fuzzed.refused > 100
    assert fuzzed.decoded > 100
    assert fuzzed.most_values <= MAX_RUN_VALUES
    assert fuzzed.inputs == fuzzed.refused + fuzzed.decoded


def test_fuzzing_prints_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "codec", "--fuzz", "40", "--json"]) == 0
    figures = {
        figure["name"].strip(): figure["value"] for figure in json.loads(capsys.readouterr().out)["figures"]
    }
    assert figures["inputs"] == 40
    assert figures["that raised anything else"] == 0
    assert main(["bench", "codec", "--fuzz", "0"]) == 1


def test_a_day_of_the_house_is_whole_and_moves_as_a_battery_does() -> None:
    recordings = list(house_recordings(1))
    assert [len(recording.kinds) for recording in recordings][:2] == [40, 10]
    (day,) = list(recordings[0].days)
    assert [after.minute - before.minute for before, after in pairwise(day)] == [1] * 1439
    names = [kind.name for kind in recordings[0].kinds]
    low, mean, high = (names.index(f"battery.voltage.{name}") for name in ("min", "mean", "max"))
    for minute in day:
        values = [minute.values[at] or 0 for at in (low, mean, high)]
        assert 4000 < values[0] <= values[1] <= values[2] < 5600
