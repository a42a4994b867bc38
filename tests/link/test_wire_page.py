"""The examples in docs/reference/wire.md are what the code sends and reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.link.test_envelope import CODECS

from stallaini.link.downlink import decode_downlink, encode_downlink
from stallaini.link.envelope import HeadForm, decode_uplink, encode_uplink
from stallaini.link.messages import (
    Answer,
    Command,
    Downlink,
    Entry,
    Event,
    Head,
    Live,
    Minute,
    TimeQuality,
    Uplink,
)
from stallaini.site.description import description_hash

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "wire.md"
HEAD = Head(b"journal1", b"boot-id1", description_hash(b"the site"))
FIRST = Minute(29_733_120, (5230, -128, None, 0))
SECOND = Minute(29_733_121, (5231, -131, None, 0))
UPLINKS = {
    "uplink-1": (Uplink(*HEAD, after_seq=0, entries=(Entry(1, FIRST),)), None),
    "uplink-2": (Uplink(*HEAD, after_seq=1, entries=(Entry(2, SECOND),)), Entry(1, FIRST)),
    "uplink-3": (
        Uplink(
            *HEAD,
            after_seq=2,
            entries=(
                Entry(3, Event(1_783_987_330, "boot", {"n": 2})),
                Entry(4, Minute(29_733_182, (5231, -131, 621, 0), quality=TimeQuality.REPAIRED)),
            ),
            live=Live(1_783_990_925, ((5231, 1), None)),
            time_wanted=True,
            commands_seen=1_783_990_900_000,
        ),
        Entry(2, SECOND),
    ),
}


def example(name: str) -> bytes:
    found = re.search(rf"```{name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None, name
    return bytes.fromhex(found[1])


DOWNLINKS = {
    "downlink-1": (Downlink(Answer.OK, 4, 300), 5),
    "downlink-2": (
        Downlink(
            Answer.OK,
            5,
            time_ms=1_783_990_925_250,
            commands=(Command(1_783_990_925_000, "anna", "ping", 1_783_990_925, 1_783_991_525),),
        ),
        5,
    ),
}


@pytest.mark.parametrize("name", UPLINKS)
def test_an_uplink_of_the_page(name: str) -> None:
    uplink, base = UPLINKS[name]
    form = HeadForm.FULL if base is None else HeadForm.BRIEF
    assert encode_uplink(uplink, base, form=form).hex(" ") == example(name).hex(" ")
    bases = [base] if base else []
    assert decode_uplink(example(name), CODECS, known=HEAD, acked_seq=uplink.after_seq, bases=bases) == uplink


@pytest.mark.parametrize("name", DOWNLINKS)
def test_a_downlink_of_the_page(name: str) -> None:
    downlink, settled_seq = DOWNLINKS[name]
    assert encode_downlink(downlink, settled_seq).hex(" ") == example(name).hex(" ")
    assert decode_downlink(example(name), settled_seq) == downlink


def test_every_answer_is_on_the_page() -> None:
    for answer in Answer:
        assert f"| {answer.value} | {answer.name} |" in PAGE.read_text()
