"""The kernel's own counters of an interface, as bytes at the IP level since they were last asked for."""

from __future__ import annotations

import fcntl
import socket
import struct
from pathlib import Path
from typing import NamedTuple

# This thread's network namespace; /proc/net is the main thread's.
_NET = Path("/proc/thread-self/net")
_SYS = Path("/sys/class/net")
_GET_HARDWARE_ADDRESS = 0x8927  # SIOCGIFHWADDR, linux/sockios.h
_NAME_BYTES, _TYPE_OFFSET = 16, 16
_ETHERNET, _FRAME_BYTES = 1, 14  # ARPHRD_ETHER, linux/if_arp.h
_ANYWHERE = "00000000"


class Counters(NamedTuple):
    """Bytes and packets up and down since the interface was made, link headers included."""

    up_bytes: int
    up_packets: int
    down_bytes: int
    down_packets: int


class Passed(NamedTuple):
    """Bytes that passed, up and down."""

    up_bytes: int
    down_bytes: int


class Change(NamedTuple):
    """What was added to an interface's counters between two looks at them."""

    up_bytes: int
    up_packets: int
    down_bytes: int
    down_packets: int

    def weighed(self, per_packet_bytes: int) -> Passed:
        """The bytes, with so many more (or fewer) for each packet."""
        return Passed(
            max(0, self.up_bytes + per_packet_bytes * self.up_packets),
            max(0, self.down_bytes + per_packet_bytes * self.down_packets),
        )


def read_counters(interface: str) -> Counters | None:
    """The counters now; None without such an interface."""
    for line in _lines("dev")[2:]:
        name, _, numbers = line.partition(":")
        if name.strip() == interface:
            fields = [int(field) for field in numbers.split()]
            return Counters(fields[8], fields[9], fields[0], fields[1])
    return None


def default_interface() -> str | None:
    """The interface of the default route, IPv4's before IPv6's; None without one."""
    found: list[tuple[int, str]] = []
    for line in _lines("route")[1:]:
        name, target, *fields = line.split()
        if target == _ANYWHERE and fields[5] == _ANYWHERE:
            found.append((int(fields[4]), name))
    if found:
        return min(found)[1]
    for line in _lines("ipv6_route"):
        fields = line.split()
        if fields[1] == "00" and fields[9] != "lo":
            found.append((int(fields[5], 16), fields[9]))
    return min(found)[1] if found else None


def frame_bytes(interface: str) -> int:
    """What the counters hold per packet besides the packet: 14 bytes on an Ethernet, else nothing."""
    request = struct.pack("16sH14s", interface.encode()[: _NAME_BYTES - 1], 0, b"")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, _GET_HARDWARE_ADDRESS, request)
        except OSError:
            return 0
    return _FRAME_BYTES if struct.unpack_from("H", answer, _TYPE_OFFSET)[0] == _ETHERNET else 0


def is_kernel_wireguard(interface: str) -> bool:
    """Whether it is the kernel's WireGuard, which counts encrypted messages; a program's counts packets."""
    try:
        return "DEVTYPE=wireguard" in (_SYS / interface / "uevent").read_text()
    except OSError:
        return False


def change(before: Counters, now: Counters) -> Change:
    """What passed between two readings; counters that went back began anew at 0 in between."""
    if any(new < old for old, new in zip(before, now, strict=True)):
        return Change(*now)
    return Change(*(new - old for old, new in zip(before, now, strict=True)))


def _lines(file: str) -> list[str]:
    try:
        return (_NET / file).read_text().splitlines()
    except OSError:
        return []
