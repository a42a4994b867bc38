"""A server's web address, as people write it and as it is used."""

from __future__ import annotations

import pytest

from stallaini.site.web_address import WebAddress, parse_web_address


@pytest.mark.parametrize(
    ("text", "address", "authority"),
    [
        ("https://a.example", WebAddress(True, "a.example", 443, ""), "a.example"),
        ("https://a.example/", WebAddress(True, "a.example", 443, ""), "a.example"),
        ("https://a.example:443", WebAddress(True, "a.example", 443, ""), "a.example"),
        ("https://a.example:8443/sun/", WebAddress(True, "a.example", 8443, "/sun"), "a.example:8443"),
        ("http://192.0.2.7:8080", WebAddress(False, "192.0.2.7", 8080, ""), "192.0.2.7:8080"),
        ("http://[2001:db8::7]", WebAddress(False, "2001:db8::7", 80, ""), "[2001:db8::7]"),
    ],
)
def test_an_address_is_taken_apart(text: str, address: WebAddress, authority: str) -> None:
    parsed = parse_web_address(text)
    assert (parsed, parsed.authority) == (address, authority)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "https://"),
        ("a.example", "https://"),
        ("ftp://a.example", "https://"),
        ("https://", "no host"),
        ("https://a.example:0", "port"),
        ("https://a.example:70000", "port"),
        ("https://a.example:http", "port"),
        ("https://me:secret@a.example", "more than"),
        ("https://a.example/?x=1", "more than"),
        ("https://a.example/#x", "more than"),
        ("https://a.example/a b", "blanks"),
        ("https://a.example\r\nX: y", "blanks"),
        ("https://à.example", "characters"),
        ("https://[2001:db8::7", "IPv6"),
    ],
)
def test_what_is_none_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_web_address(text)
