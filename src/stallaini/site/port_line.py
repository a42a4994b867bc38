"""A port line: where a wire is and how it is reached, as one line of the site file. Pure: opens nothing."""

from __future__ import annotations

from typing import NamedTuple

CAN_PORTS = ("socketcan", "slcan", "udp_multicast", "virtual", "simbus")
"""Kinds of ports that are CAN buses, as python-can names them."""
PORT_EXAMPLES = {
    "serial": "serial:/dev/ttyUSB0@38400",
    "tcp": "tcp:10.0.0.5:4001",
    "listen": "listen:0.0.0.0:4001",
    "socketcan": "socketcan:can1",
    "slcan": "slcan:/dev/ttyACM0@115200",
    "udp_multicast": "udp_multicast:239.74.163.2",
    "virtual": "virtual:NAME",
    "simbus": "simbus:/path.sock",
}


class PortLine(NamedTuple):
    """`number` is the bits a second of `serial`, the port of `tcp` and `listen`; 0 where `place` is all."""

    kind: str
    place: str
    number: int = 0

    @property
    def is_can(self) -> bool:
        """Whether it is a CAN bus, on which nothing is sent unless the site file says so."""
        return self.kind in CAN_PORTS


def parse_port(line: str) -> PortLine:
    """The port that `line` names: `kind:place`. Raises ValueError saying what is wrong and what to write."""
    kind, _, place = line.partition(":")
    if kind not in PORT_EXAMPLES or not place:
        raise ValueError(f"no such port {line!r}; write one as {_any()}")
    if kind in CAN_PORTS:
        return PortLine(kind, place)
    name, _, digits = place.rpartition("@" if kind == "serial" else ":")
    highest = 4_000_000 if kind == "serial" else 65_535
    if not name or not digits.isascii() or not digits.isdecimal() or not 0 < int(digits[:9]) <= highest:
        raise ValueError(f"{line!r} is incomplete; write it as {PORT_EXAMPLES[kind]}")
    return PortLine(kind, name.removeprefix("[").removesuffix("]"), int(digits))


def _any() -> str:
    return ", ".join(PORT_EXAMPLES.values())
