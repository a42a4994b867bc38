"""A WireGuard tunnel through a pair's cable, by wireguard-go; and what such a tunnel spends on itself."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stallaini.errors import OperatorError
from stallaini.ops.netlab.namespace import Namespace
from stallaini.ops.netlab.pair import EDGE_ADDRESS, SERVER_ADDRESS, Pair
from stallaini.ops.netlab.tools import TUNNEL_TOOLS, require, tool

TUNNEL_PORT = 51820
EDGE_INSIDE, SERVER_INSIDE = "198.51.100.1", "198.51.100.2"  # for documentation as well (RFC 5737)
_SOCKETS = Path("/var/run/wireguard")
_MTU = 1420
_START_TRIES, _START_PAUSE_S = 100, 0.05
_NUMBERS = itertools.count()

# The protocol's constants: "WireGuard: Next Generation Kernel Network Tunnel", sections 5.4 and 6.1.
REKEY_AFTER_S, REJECT_AFTER_S, KEEPALIVE_S = 120.0, 180.0, 10.0
INITIATION_BYTES, RESPONSE_BYTES, KEEPALIVE_BYTES = 176, 120, 60  # with 28 B of IPv4 and UDP


@contextmanager
def open_tunnel(pair: Pair) -> Iterator[None]:
    """Until the end of the block the two sides also reach each other as 198.51.100.1 and .2, encrypted.

    Keepalives at fixed intervals are off, as on a machine that only calls out.
    """
    require(*TUNNEL_TOOLS)
    keys = [tool("wg", "genkey") for _ in range(2)]
    public = [tool("wg", "pubkey", given=key) for key in keys]
    number = next(_NUMBERS)
    # wireguard-go names its control socket, in a folder that all namespaces share, after the device.
    devices = [f"wg{os.getpid():x}{side}{number}" for side in "es"]
    sides = (pair.edge, pair.server)
    inside, outside = (EDGE_INSIDE, SERVER_INSIDE), (EDGE_ADDRESS, SERVER_ADDRESS)
    try:
        for mine, side in enumerate(sides):
            peer = 1 - mine
            _start(side, devices[mine])
            _configure(side, devices[mine], keys[mine], public[peer], inside[peer], outside[peer])
            side.ip("addr", "add", f"{inside[mine]}/24", "dev", devices[mine])
            side.ip("link", "set", devices[mine], "mtu", str(_MTU), "up")
        yield
    finally:
        for side, device in zip(sides, devices, strict=True):
            if (_SOCKETS / f"{device}.sock").exists():
                side.ip("link", "del", device)  # ends its wireguard-go, which removes the control socket


def upkeep_bytes_per_min(interval_min: int) -> float:
    """IP bytes a minute that WireGuard adds to one exchange every `interval_min` minutes, its data apart.

    By the protocol's timers: the initiator renews keys older than 120 s when it sends, cannot use keys
    older than 180 s at all, and 10 s after the answer, if it had nothing more to say, sends an empty
    packet. A renewal's own confirmation, also an empty packet, takes the place of that one.
    """
    if interval_min * 60 > REJECT_AFTER_S:  # no usable key: handshake first, the data confirm it
        return (INITIATION_BYTES + RESPONSE_BYTES + KEEPALIVE_BYTES) / interval_min
    exchanges_per_key = -(-REKEY_AFTER_S // (60 * interval_min))
    renewal = INITIATION_BYTES + RESPONSE_BYTES + KEEPALIVE_BYTES
    passive = (exchanges_per_key - 1) * KEEPALIVE_BYTES
    return float(renewal + passive) / (exchanges_per_key * interval_min)


def _start(side: Namespace, device: str) -> None:
    side.start("wireguard-go", "-f", device)
    for _ in range(_START_TRIES):
        if (_SOCKETS / f"{device}.sock").exists():
            return
        time.sleep(_START_PAUSE_S)
    raise OperatorError("wireguard-go did not start within 5 s")


def _configure(
    side: Namespace, device: str, key: str, peer_key: str, peer_inside: str, peer_outside: str
) -> None:
    with tempfile.NamedTemporaryFile("w") as key_file:
        key_file.write(key)
        key_file.flush()
        side.tool(
            "wg", "set", device, "private-key", key_file.name, "listen-port", str(TUNNEL_PORT),
            "peer", peer_key, "allowed-ips", f"{peer_inside}/32",
            "endpoint", f"{peer_outside}:{TUNNEL_PORT}",
        )  # fmt: skip
