"""Ports of the loopback for programs that must be told theirs beforehand."""

from __future__ import annotations

import contextlib
import random
import socket

# Below what the kernel gives to whoever asks for any port: no connection takes one while its program is down.
_PORTS = range(20_000, 32_000)
_held: list[socket.socket] = []


def free_port(kind: socket.SocketKind) -> int:
    """A port nobody has; until this process ends, no other test is given it, in whatever process it runs."""
    while True:
        port = random.choice(_PORTS)
        if _claimed(port) and _unused(port, kind):
            return port


def _claimed(port: int) -> bool:
    """Take the name of a port, which the kernel gives to one process only and takes back when it ends."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0stallaini-tests-port-{port}")
    except OSError:
        claim.close()
        return False
    _held.append(claim)
    return True


def _unused(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
        probe.bind(("", port))
        return True
    return False
