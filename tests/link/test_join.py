"""A join line carries a secret from one screen to one file, and a damaged one says so."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import stat
from pathlib import Path

import msgspec
import pytest

from stallaini.errors import OperatorError
from stallaini.link.join import PREFIX, Join, parse_join, read_join, write_join

JOIN = Join("noto", "2001:db8::7", 5683, b"\x01\x02", b"\x00", b"s" * 16, b"salt-of8")


def line_of(*elements: object) -> str:
    """A whole line of these elements."""
    packed = msgspec.msgpack.encode(elements)
    packed += binascii.crc32(packed).to_bytes(4, "big")
    return PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def test_a_join_line_is_one_printable_line_and_reads_back() -> None:
    line = JOIN.line()
    assert line.startswith("stallaini-join-1:")
    assert line.isascii()
    assert not any(character.isspace() for character in line)
    assert parse_join(f"  {line}\n") == JOIN


def test_a_line_may_name_the_server_s_web_address() -> None:
    named = dataclasses.replace(JOIN, https_url="https://server.example/sun")
    assert parse_join(named.line()) == named
    assert parse_join(JOIN.line()).https_url is None


def test_a_line_from_before_there_were_web_addresses_still_joins() -> None:
    line = "stallaini-join-1:l6Rub3RvqDEwLjAuMC43zRYzxAEBxADEEHNzc3Nzc3Nzc3Nzc3Nzc3PECHNhbHQtb2Y40YnkPQ"
    assert parse_join(line) == Join("noto", "10.0.0.7", 5683, b"\x01", b"", b"s" * 16, b"salt-of8")


def test_the_secret_is_not_shown_by_accident() -> None:
    assert "ssss" not in repr(JOIN)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "starts with"),
        ("hello", "starts with"),
        (PREFIX, "cut short"),
        (JOIN.line()[:-3], "cut short"),
        (JOIN.line() + "A", "damaged"),
        (PREFIX + "***", "damaged"),
        (PREFIX + "ü", "damaged"),
        (JOIN.line()[:40] + ("A" if JOIN.line()[40] != "A" else "B") + JOIN.line()[41:], "damaged"),
        (Join("noto", "h", 0, b"\1", b"\0", b"s" * 16, b"").line(), "port"),
        (Join("noto", "h", 5683, b"\1", b"\1", b"s" * 16, b"").line(), "different"),
        (Join("noto", "h", 5683, b"\1", b"\0", b"short", b"").line(), "secret"),
        (dataclasses.replace(JOIN, https_url="server.example").line(), "web address.*https://"),
        (line_of("noto", "h", 5683, b"\1", b"\0", b"s" * 16, b"", "https://h", "more"), "another version"),
        (line_of("noto", "h"), "another version"),
    ],
)
def test_a_line_that_is_none_says_what_is_wrong(line: str, says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        parse_join(line)


def test_a_kept_join_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "join"
    write_join(path, Join("other", "host", 1, b"\1", b"\0", b"s" * 16, b""))
    write_join(path, JOIN)
    assert read_join(path) == JOIN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["join"]


def test_a_missing_join_tells_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="--join"):
        read_join(tmp_path / "join")
