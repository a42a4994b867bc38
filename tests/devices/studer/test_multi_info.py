"""Many infos in one exchange: entries, units, answers of other infos than asked for."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.studer.multi_info import (
    MAX_ENTRIES,
    Entry,
    ask,
    decode_entries,
    decode_values,
    encode_values,
    has,
    unit_of,
)
from stallaini.devices.studer.objects import Family

_ENTRIES = st.lists(
    st.builds(Entry, st.integers(0, 0xFFFF), st.integers(0, 0xFF)), min_size=1, max_size=MAX_ENTRIES
)


@given(_ENTRIES, st.data())
def test_what_is_asked_is_answered(entries: list[Entry], data: st.DataObject) -> None:
    assert decode_entries(ask(entries).data) == entries
    values = tuple(data.draw(st.floats(width=32, allow_nan=False)) for _ in entries)
    answer = encode_values([Family.XT, Family.VT], 77, zip(entries, values, strict=True))
    assert decode_values(answer, entries) == (1 << 5 | 1 << 7, 77, values)
    assert len(answer) + 10 <= 240


def test_an_answer_of_other_infos_is_none() -> None:
    asked = [Entry(3000, 1), Entry(3005, 1)]
    for other in ([Entry(3000, 1), Entry(3006, 1)], [Entry(3000, 2), Entry(3005, 1)], asked[::-1]):
        with pytest.raises(ValueError, match="other infos"):
            decode_values(encode_values([], 0, ((entry, 1.0) for entry in other)), asked)
    for wrong in (b"", struct.pack("<II", 0, 0), encode_values([], 0, [(asked[0], 1.0)])):
        with pytest.raises(ValueError, match="no 2 values"):
            decode_values(wrong, asked)


def test_units_of_addresses() -> None:
    assert [unit_of(a) for a in (101, 109, 301, 315, 701, 601)] == [1, 9, 1, 15, 1, 1]
    assert [unit_of(a) for a in (100, 191, 300, 501, 600, 700)] == [None] * 6


def test_families_present() -> None:
    present = 1 << 6 | 1 << 8
    assert [f.name for f in Family if has(present, f)] == ["VS", "BMS", "BSP"]
