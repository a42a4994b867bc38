"""What the bytes on the metered link are for, and how many a datagram has at the IP level. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, get_args

import msgspec

from stallaini.link.messages import Entry, Event

Purpose = Literal[
    "telemetry", "events", "commands", "acknowledgements", "retransmission", "forecast", "vpn", "other"
]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
USAGE = "link.usage"
"""The kind of the event with a day's bytes."""
_COMMAND = "command."
_IPV4_UDP_BYTES, _IPV6_UDP_BYTES = 20 + 8, 40 + 8
_MAPPED = "::ffff:"


class Meter(Protocol):
    """Is told of every datagram of ours, with its bytes at the IP level."""

    def sent(self, size_bytes: int, *, repeated: bool) -> None:
        """A datagram left; `repeated` tells that the same one left before."""

    def received(self, size_bytes: int, purpose: Purpose) -> None:
        """A datagram came; one that nobody awaits is a doubled answer, or a stranger's: a retransmission."""


def ip_bytes(host: str, payload_bytes: int) -> int:
    """A datagram's bytes at the IP level; `host` is the other end's address, IPv4 also as ::ffff:1.2.3.4."""
    is_ipv6 = ":" in host and not host.startswith(_MAPPED)
    return payload_bytes + (_IPV6_UDP_BYTES if is_ipv6 else _IPV4_UDP_BYTES)


def shares_of(payload_bytes: int, entries: Sequence[Entry]) -> Mapping[Purpose, float]:
    """For what an uplink of `payload_bytes` goes: shares that sum up to 1.

    Events and ends of commands take their own bytes, minutes and live values the rest of the payload;
    what the message costs besides goes by the same shares.
    """
    own = {"events": 0, "commands": 0}
    for entry in entries:
        if isinstance(entry.body, Event):
            own[purpose_of(entry.body)] += len(msgspec.msgpack.encode((entry.body.kind, entry.body.data)))
    if entries and all(isinstance(entry.body, Event) for entry in entries):
        telemetry = 0
    else:
        telemetry = max(1, payload_bytes - sum(own.values()))
    whole = telemetry + sum(own.values())
    parts: dict[Purpose, int] = {"telemetry": telemetry, "events": own["events"], "commands": own["commands"]}
    return {purpose: size / whole for purpose, size in parts.items() if size}


def purpose_of(event: Event) -> Literal["events", "commands"]:
    """What an event's bytes are for."""
    return "commands" if event.kind.startswith(_COMMAND) else "events"
