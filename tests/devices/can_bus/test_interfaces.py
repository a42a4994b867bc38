"""Which bus to open, and what the kernel says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import can
import pytest
from tests.support.can_listening import listening
from tests.support.waiting import until

from stallaini.devices.can_bus import reader as reader_module
from stallaini.devices.can_bus.interfaces import LinkState, bus_arguments, parse_link_state, read_link_state
from stallaini.errors import OperatorError

# What `ip -details -json link show can0` prints of an MCP2515, shortened.
MCP2515: dict[str, Any] = {
    "ifindex": 3,
    "ifname": "can0",
    "flags": ["NOARP", "UP", "LOWER_UP", "ECHO"],
    "link_type": "can",
    "linkinfo": {
        "info_kind": "can",
        "info_data": {
            "ctrlmode": ["LISTEN-ONLY"],
            "state": "ERROR-ACTIVE",
            "berr_counter": {"tx": 0, "rx": 0},
            "restart_ms": 1000,
            "bittiming": {"bitrate": 500000, "sample_point": "0.875"},
        },
    },
}


def mcp2515(**info: object) -> bytes:
    data = {**MCP2515["linkinfo"]["info_data"], **info}
    return json.dumps([{**MCP2515, "linkinfo": {"info_kind": "can", "info_data": data}}]).encode()


@pytest.mark.parametrize(
    ("spec", "arguments"),
    [
        ("socketcan:can0", {"interface": "socketcan", "channel": "can0"}),
        ("virtual:test", {"interface": "virtual", "channel": "test"}),
        ("simbus:/run/bus.sock", {"interface": "simbus", "channel": "/run/bus.sock"}),
        (
            "slcan:/dev/ttyACM0@115200",
            {
                "interface": "slcan",
                "channel": "/dev/ttyACM0@115200",
                "bitrate": 500_000,
                "listen_only": True,
            },
        ),
        (
            "udp_multicast:239.74.163.2",
            {"interface": "udp_multicast", "channel": "239.74.163.2", "hop_limit": 0, "fd": False},
        ),
        (
            "udp_multicast:239.74.163.2:43114",
            {
                "interface": "udp_multicast",
                "channel": "239.74.163.2",
                "hop_limit": 0,
                "fd": False,
                "port": 43114,
            },
        ),
        (
            "udp_multicast:ff15:7079:7468:6f6e",
            {"interface": "udp_multicast", "channel": "ff15:7079:7468:6f6e", "hop_limit": 0, "fd": False},
        ),
    ],
)
def test_a_bus_line(spec: str, arguments: dict[str, object]) -> None:
    assert bus_arguments(spec) == arguments


@pytest.mark.parametrize("spec", ["", "can0", "socketcan:", "kvaser:0", "udp_multicast:239.0.0.1:x"])
def test_a_line_that_is_none(spec: str) -> None:
    with pytest.raises(OperatorError, match="write one of socketcan:can0"):
        bus_arguments(spec)


def test_what_the_kernel_says() -> None:
    assert parse_link_state(mcp2515()) == LinkState("ERROR-ACTIVE", True)
    speaking = mcp2515(ctrlmode=["TRIPLE-SAMPLING"], state="BUS-OFF")
    assert parse_link_state(speaking) == LinkState("BUS-OFF", False)
    assert parse_link_state(b'[{"linkinfo":{"info_kind":"vcan"}}]') == LinkState("", None)
    for nothing in (b"", b"[]", b"{}", b"[{}]", b'[{"linkinfo":[]}]', b"Device does not exist"):
        assert parse_link_state(nothing) is None


async def test_the_real_ip_program_knows_no_such_interface() -> None:
    assert await read_link_state("nocan0") is None


async def test_a_machine_without_the_ip_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await read_link_state("can0") is None


@pytest.fixture
def virtual_can0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A can0 that is a virtual bus, and an `ip` program that prints tmp_path/link and notes its words."""
    program = tmp_path / "ip"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/words\nexec cat {tmp_path}/link\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(
        reader_module, "open_bus", lambda _: can.Bus(interface="virtual", channel=str(tmp_path))
    )
    return tmp_path


async def test_an_interface_that_may_transmit_is_told_and_left_alone(virtual_can0: Path) -> None:
    (virtual_can0 / "link").write_bytes(mcp2515(ctrlmode=[]))
    async with listening("socketcan:can0") as (_, heard):
        told = await heard.until_event("can.not_listen_only")
        assert "ip link set can0 type can listen-only on" in str(told["advice"])
        assert heard.events[0] == ("can.open", {"bus": "socketcan:can0", "listen_only": False})
    words = (virtual_can0 / "words").read_text().splitlines()
    assert set(words) == {"-details -json link show dev can0"}


async def test_a_listen_only_interface_is_as_it_should_be(virtual_can0: Path) -> None:
    (virtual_can0 / "link").write_bytes(mcp2515())
    async with listening("socketcan:can0") as (_, heard):
        assert await heard.until_event("can.open") == {"bus": "socketcan:can0", "listen_only": True}
        assert heard.kinds() == ["can.open"]


async def test_a_silent_bus_is_asked_whether_it_is_off(virtual_can0: Path) -> None:
    (virtual_can0 / "link").write_bytes(mcp2515())
    async with listening("socketcan:can0") as (_, heard):
        await heard.until_event("can.open")
        (virtual_can0 / "link").write_bytes(mcp2515(state="BUS-OFF"))
        await heard.until_event("can.silent")
        await heard.until_event("can.bus_off")


async def test_a_machine_without_can_is_told_in_one_event() -> None:
    async with listening("socketcan:nocan0") as (reader, heard):
        lost = await heard.until_event("can.lost")
        assert lost["reason"]
        await until(lambda: reader.counters["lost"] >= 3)
        assert heard.kinds() == ["can.lost"]
