"""The lab itself: it counts every byte, says what it lacks, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stallaini.errors import OperatorError
from stallaini.ops.netlab import tools
from stallaini.ops.netlab.counter import WireCounter
from stallaini.ops.netlab.namespace import FOLDER
from stallaini.ops.netlab.pair import CABLE, PREFIX, SERVER_ADDRESS, Pair, open_pair
from stallaini.ops.netlab.tunnel import (
    INITIATION_BYTES,
    RESPONSE_BYTES,
    SERVER_INSIDE,
    open_tunnel,
    upkeep_bytes_per_min,
)

_PORT = 9999
_PATIENCE_S, _HASTE_S = 10.0, 0.5
_KILLED = """
import time
from stallaini.ops.netlab.pair import open_pair
from stallaini.ops.netlab.tunnel import open_tunnel
with open_pair() as pair, open_tunnel(pair):
    print(pair.edge.name, flush=True)
    time.sleep(60)
"""


def _udp_echo(pair: Pair, server_address: str, size: int, patience_s: float = _PATIENCE_S) -> None:
    """One datagram there and back."""

    def bound() -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind(("0.0.0.0", _PORT))
        return listener

    with (
        pair.server.call(bound) as server,
        pair.edge.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as edge,
    ):
        server.settimeout(patience_s)
        edge.settimeout(patience_s)
        edge.sendto(bytes(size), (server_address, _PORT))
        data, source = server.recvfrom(2000)
        server.sendto(data, source)
        assert len(edge.recv(2000)) == size


def _leftovers(owner: int) -> list[str]:
    """Namespaces, control sockets and programs of a lab made by the process `owner`."""
    namespaces = [path.name for path in FOLDER.glob(f"{PREFIX}{owner}-*")]
    controls = [path.name for path in Path("/var/run/wireguard").glob(f"wg{owner:x}[es][0-9]*")]
    programs = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if re.search(rb"\bwg%x[es]\d+\b" % owner, _read(path))
    ]
    return namespaces + controls + programs


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _fail_in_a_lab() -> None:
    with open_pair() as pair, open_tunnel(pair):
        pair.edge.start("mosquitto", "-p", "1883")
        assert len(_leftovers(os.getpid())) >= 6
        raise ZeroDivisionError


def _interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def test_every_ip_byte_is_counted(pair: Pair) -> None:
    with WireCounter(pair.edge) as counter:
        _udp_echo(pair, SERVER_ADDRESS, 10)
        traffic = counter.total()
    assert (traffic.up_bytes, traffic.down_bytes, traffic.packets) == (38, 38, 2)


def test_a_tunnel_hides_a_datagram_and_its_upkeep_is_told_apart(pair: Pair) -> None:
    with open_tunnel(pair), WireCounter(pair.edge) as counter:
        _udp_echo(pair, SERVER_INSIDE, 10)
        traffic = counter.total()
    # 38 bytes are padded to 48; WireGuard adds 32, UDP and IPv4 28.
    assert traffic.carried_bytes == 2 * (48 + 32 + 28)
    assert traffic.upkeep_bytes == INITIATION_BYTES + RESPONSE_BYTES


def test_a_tunnels_upkeep_by_its_timers() -> None:
    # Each: a renewal every second minute, an empty packet in the other; and a handshake for each message.
    assert upkeep_bytes_per_min(1) == (356 + 60) / 2
    assert upkeep_bytes_per_min(5) == 356 / 5


def test_loss_loses(pair: Pair) -> None:
    pair.lose(1.0)
    with pytest.raises(TimeoutError):
        _udp_echo(pair, SERVER_ADDRESS, 10, _HASTE_S)
    assert pair.dropped() == 1
    pair.lose(0)
    _udp_echo(pair, SERVER_ADDRESS, 10)


def test_nothing_stays_behind_when_a_test_fails(netlab: None) -> None:
    before = _interfaces()
    with pytest.raises(ZeroDivisionError):
        _fail_in_a_lab()
    assert _leftovers(os.getpid()) == []
    assert _interfaces() == before


def test_what_a_killed_run_left_is_removed_by_the_next(netlab: None) -> None:
    victim = subprocess.Popen([sys.executable, "-c", _KILLED], stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    with victim.stdout as told:
        assert told.readline().startswith(PREFIX)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert _leftovers(victim.pid)
    with open_pair() as pair:
        assert CABLE in pair.edge.ip("link")
    assert _leftovers(victim.pid) == []


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(OperatorError, match="needs root"):
        tools.require("ip")


def test_a_missing_tool_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tools, "find", lambda tool: None if tool == "wg" else f"/sbin/{tool}")
    with pytest.raises(OperatorError, match="apt-get install wireguard-tools"):
        tools.require("ip", "wg")
