"""Every collected frame of real stacks decodes to what its source claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.can_vectors import Vector, vectors, write_candump

from stallaini.cli import main
from stallaini.devices.can_battery.decode import Decoder
from stallaini.devices.can_battery.profile import load_profile

VECTORS = vectors()
SOURCES = sorted({vector.source for vector in VECTORS})

# Without anything else heard, nothing tells whether these bytes are the total or what is left.
AMBIGUOUS_ALONE = bytes.fromhex("01006E013200")


def decode_lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["decode", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_fixture_leaves_no_frame_out() -> None:
    assert len(VECTORS) == 101
    assert len(SOURCES) == 16


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{i}-{v.can_id:03X}-{v.data.hex()}" for i, v in enumerate(VECTORS)]
)
def test_by_the_profile_its_source_speaks(vector: Vector) -> None:
    decoded = Decoder(load_profile(vector.profile)).decode(vector.can_id, vector.data)
    assert decoded.readings == vector.readings
    assert decoded.texts == vector.texts
    assert decoded.rejected == {}
    if vector.frame is not None:
        assert decoded.title == vector.frame


@pytest.mark.parametrize("source", SOURCES)
def test_through_the_command_with_the_profile_told_by_the_ids(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One log per source, as its owner would have recorded it."""
    of_source = [vector for vector in VECTORS if vector.source == source]
    lines = decode_lines(capsys, str(write_candump(tmp_path / "bus.log", of_source)), "--json")
    assert [line["readings"] for line in lines] == [vector.readings for vector in of_source]
    assert [line.get("texts", {}) for line in lines] == [vector.texts for vector in of_source]
    assert [line["id"] for line in lines] == [f"0x{vector.can_id:03X}" for vector in of_source]
    assert [line["t"] for line in lines] == [100 + 0.25 * index for index in range(len(of_source))]


@pytest.mark.parametrize("profile", sorted({vector.profile for vector in VECTORS}))
def test_through_the_command_with_the_profile_named(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speaking = [vector for vector in VECTORS if vector.profile == profile]
    log = write_candump(tmp_path / "bus.log", speaking)
    lines = decode_lines(capsys, str(log), "--profile", profile, "--json")
    assert [line["readings"] for line in lines] == [vector.readings for vector in speaking]
    assert {line["profile"] for line in lines} == {profile}


def test_a_log_of_one_frame_decodes_all_that_is_unambiguous(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for vector in VECTORS:
        (line,) = decode_lines(capsys, str(write_candump(tmp_path / "one.log", [vector])), "--json")
        if vector.data == AMBIGUOUS_ALONE:
            assert line["readings"] == {}
        else:
            assert line["readings"] == vector.readings, line


def test_all_of_them_in_one_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bus of many dialects at once: nothing that agrees between them is lost."""
    lines = decode_lines(capsys, str(write_candump(tmp_path / "all.log", VECTORS)), "--json")
    for vector, line in zip(VECTORS, lines, strict=True):
        if vector.data != AMBIGUOUS_ALONE:
            assert vector.readings.items() <= line["readings"].items(), line
