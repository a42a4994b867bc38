"""The web address of a server: what may stand in `https_url`, in the site file and in a join line."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class WebAddress:
    """A server's web address taken apart; `path` is what stands before its routes, "" for most."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host, and port where it is not the usual one, as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _PORTS["https" if self.secure else "http"]
        return host if usual else f"{host}:{self.port}"


def parse_web_address(text: str) -> WebAddress:
    """The parts of `https://HOST[:PORT][/PATH]`, or of `http://`. Raises ValueError: what is wrong."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it has blanks or characters that a web address cannot have")
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in _PORTS:
        raise ValueError("it does not start with https:// (or http://)")
    if not parts.hostname:
        raise ValueError("it names no host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("it has more than host, port and path")
    try:
        port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is none; ports go from 1 to 65535")
    return WebAddress(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"))
