"""However a site file is damaged, the check answers with faults, and with lines that exist."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.devices.catalogue import load_kinds
from stallaini.site.config import Fault, SiteFileError, parse_site

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.toml"))]
KINDS = load_kinds()
FRAGMENTS = [
    "[",
    "]",
    '"',
    "'",
    '"""',
    "=",
    ".",
    "\n",
    "#",
    "{",
    "}",
    "-1",
    "1e999",
    "nan",
    "true",
    "\\",
    "\u00e9",
    "\0",
]


def check(text: str | bytes) -> None:
    faults: list[Fault] = []
    try:
        parse_site(text, KINDS)
    except SiteFileError as error:
        faults = error.faults
        assert faults, error  # noqa: PT017
    data = text if isinstance(text, bytes) else text.encode()
    assert all(1 <= fault.line <= data.count(b"\n") + 1 for fault in faults)
    assert all(fault.reason and fault.fix for fault in faults)


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=200)
def test_pieces_cut_out_doubled_or_put_in(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 60)))
        piece = data.draw(st.sampled_from([*FRAGMENTS, "", text[start:end] * 2]))
        text = text[:start] + piece + text[end:]
    check(text)


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=100)
def test_lines_in_another_order(text: str, data: st.DataObject) -> None:
    check("\n".join(data.draw(st.permutations(text.split("\n")))))


@given(st.text(max_size=200))
@settings(max_examples=100)
def test_any_text(text: str) -> None:
    check(text)


@given(st.binary(max_size=100))
@settings(max_examples=100)
def test_any_bytes(data: bytes) -> None:
    check(data)
