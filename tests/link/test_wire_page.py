"""The examples in docs/reference/wire.md are what the code sends and reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stallaini.link.envelope import (
    decode_downlink,
    decode_uplink,
    encode_downlink,
    encode_uplink,
    peek_uplink,
)
from stallaini.link.messages import Answer, Downlink, Entry, Event, Head, Live, Minute, Uplink
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
                Entry(4, Minute(29_733_182, (5231, -131, 621, 0))),
            ),
            live=Live(1_783_990_925, ((5231, 1), None)),
        ),
        Entry(2, SECOND),
    ),
}


def example(name: str) -> bytes:
    found = re.search(rf"```{name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None, name
    return bytes.fromhex(found[1])


@pytest.mark.parametrize("name", UPLINKS)
def test_an_uplink_of_the_page(name: str) -> None:
    uplink, base = UPLINKS[name]
    assert encode_uplink(uplink, base, full_head=base is None) == example(name)
    minute = base.body if base is not None and isinstance(base.body, Minute) else None
    assert decode_uplink(example(name), minute, 4, HEAD) == uplink
    assert peek_uplink(example(name), HEAD).base_seq == (base.seq if base else None)


def test_the_downlink_of_the_page() -> None:
    downlink = Downlink(Answer.OK, 4, 300)
    assert encode_downlink(downlink) == example("downlink-1")
    assert decode_downlink(example("downlink-1")) == downlink


def test_every_answer_is_on_the_page() -> None:
    for answer in Answer:
        assert f"| {answer.value} | {answer.name} |" in PAGE.read_text()
