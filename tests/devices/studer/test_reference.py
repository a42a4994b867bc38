"""The page about Studer says what the code does; STALLAINI_WRITE_DOCS=1 writes its tables anew."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from stallaini.devices.studer.can_master import CAN_PATIENCE, PACE_S
from stallaini.devices.studer.errors import RETRYABLE, ScomError
from stallaini.devices.studer.exchange import Patience
from stallaini.devices.studer.formats import Format, encode_value
from stallaini.devices.studer.frame import MAX_DATA, MIN_DATA, Frame, FrameReader, encode_frame
from stallaini.devices.studer.master import DOUBTED_READS
from stallaini.devices.studer.multi_info import MAX_ENTRIES
from stallaini.devices.studer.objects import all_objects
from stallaini.devices.studer.service import ObjectType, Property, Read, decode_answer

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "studer.md"
BLOCK = re.compile(r"<!-- made from the code: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)


def _errors() -> str:
    lines = ["| code | error | meaning | asked again |", "|---|---|---|---|"]
    lines += [
        f"| `{error:04X}` | {error.name} | {error.text} | {'yes' if error in RETRYABLE else ''} |"
        for error in ScomError
    ]
    return "\n".join(lines)


def _properties() -> str:
    types = ", ".join(f"`{each:04X}` {each.name.lower().replace('_', ' ')}" for each in ObjectType)
    properties = ", ".join(f"`{each:02X}` {each.name.lower()}" for each in Property)
    return f"Object types: {types}.\n\nProperties: {properties}."


def _formats() -> str:
    used = [each.format for each in all_objects()]
    lines = ["| format | bytes | objects |", "|---|---|---|"]
    for format in Format:
        try:
            size = "any" if format is Format.STRING else str(len(encode_value(format, 1)))
        except ValueError:
            size = "none: cannot be asked for"
        lines.append(f"| {format.name} | {size} | {used.count(format) or ''} |")
    return "\n".join(lines)


_MADE = {"errors": _errors, "properties": _properties, "formats": _formats}


def test_the_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    renewed = BLOCK.sub(
        lambda block: f"<!-- made from the code: {block[1]} -->\n\n{_MADE[block[1]]()}\n\n<!-- end -->", page
    )
    if os.environ.get("STALLAINI_WRITE_DOCS") == "1":
        PAGE.write_text(renewed, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == renewed, "STALLAINI_WRITE_DOCS=1 pytest " + __file__


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    scom = Patience()
    pauses = [scom.busy_pause_s * 2**at for at in range(scom.busy_tries - 1)]
    pauses_s = ", ".join(f"{s:g}" for s in pauses[:-1]) + f" and {pauses[-1]:g} s"
    silent_s = f"({scom.timeout_s:g} s on SCOM, {CAN_PATIENCE.timeout_s:g} s on CAN)"
    for said in (
        f"whose length is {MIN_DATA} to {MAX_DATA}",
        f"at most {MAX_ENTRIES} are asked",
        f"{PACE_S * 1000:g} ms or more",
        f"asked {scom.busy_tries} times with pauses of {pauses_s}",
        f"silence {silent_s}, is asked {scom.tries} times",
        f"at most {scom.late_s:g} s (CAN: {CAN_PATIENCE.late_s:g} s) older",
        f"the next {DOUBTED_READS} reads are made twice",
    ):
        assert said in page, said


def test_one_of_7170_pairs_of_flipped_bits_gives_a_wrong_value() -> None:
    """All of them are tried: those that pass explain why a bad line is asked twice."""
    true = Frame(0, 101, 1, bytes.fromhex("02010100b80b0000010000005542"))  # 53.25 V
    raw = encode_frame(true)
    passed = pairs = 0
    for one, other in itertools.combinations(range(len(raw) * 8), 2):
        pairs += 1
        damaged = bytearray(raw)
        damaged[one // 8] ^= 1 << one % 8
        damaged[other // 8] ^= 1 << other % 8
        passed += any(_is_believed(frame) for frame in FrameReader().feed(bytes(damaged)))
    assert pairs / passed == 7170


def _is_believed(frame: Frame) -> bool:
    try:
        answer = decode_answer(frame.data)
    except ValueError:
        return False
    return (frame.src, frame.dst) == (101, 1) and answer.answers(Read(ObjectType.INFO, 3000, Property.INFO))
