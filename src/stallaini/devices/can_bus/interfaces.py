"""Which CAN bus to open, from one line of the site file, and what the kernel says of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import can
import msgspec

from stallaini.errors import OperatorError

_log = logging.getLogger(__name__)

BITRATE = 500_000
"""Bits a second; the same on every battery this project knows."""

_IP_TIMEOUT_S = 5.0
_EXAMPLES = (
    "socketcan:can0, slcan:/dev/ttyACM0@115200, udp_multicast:239.74.163.2, virtual:NAME, simbus:/path.sock"
)


class LinkState(NamedTuple):
    """What the kernel says of a CAN interface. `listen_only` is None where the kind knows no such mode."""

    state: str
    listen_only: bool | None


def bus_arguments(spec: str) -> dict[str, Any]:
    """The python-can arguments of a bus line `kind:place`. Raises OperatorError when it is not one."""
    kind, _, place = spec.partition(":")
    build = _KINDS.get(kind)
    if build is None or not place:
        raise OperatorError(f"no such bus {spec!r}; write one of {_EXAMPLES}")
    return {"interface": kind, **build(spec, place)}


def _plain(_: str, place: str) -> dict[str, Any]:
    return {"channel": place}


def _slcan(_: str, place: str) -> dict[str, Any]:
    return {"channel": place, "bitrate": BITRATE, "listen_only": True}


def _udp_multicast(spec: str, place: str) -> dict[str, Any]:
    group, _, port = place.partition(":") if place.count(":") == 1 else (place, "", "")
    if port and not port.isdecimal():
        raise OperatorError(f"bus {spec!r}: {port!r} is no port; write one of {_EXAMPLES}")
    return {"channel": group, "hop_limit": 0, "fd": False, **({"port": int(port)} if port else {})}


_KINDS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "socketcan": _plain,
    "slcan": _slcan,
    "udp_multicast": _udp_multicast,
    "virtual": _plain,
    "simbus": _plain,
}


def open_bus(spec: str) -> can.BusABC:
    """Open a bus for listening; blocks. Its `send` is taken away: nothing that holds it can transmit.

    Raises can.CanError or OSError when the bus cannot be opened now.
    """
    bus = can.Bus(**bus_arguments(spec))
    bus.send = _refuse_to_send  # type: ignore[method-assign]
    return bus


def _refuse_to_send(*_: object, **__: object) -> None:
    raise can.CanOperationError("this bus is for listening: nothing is ever sent on it")


async def read_link_state(interface: str) -> LinkState | None:
    """Ask `ip` about a SocketCAN interface; None when it cannot tell. Changes nothing."""
    try:
        process = await asyncio.create_subprocess_exec(
            "ip",
            *("-details", "-json", "link", "show", "dev", interface),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        _log.warning("cannot ask ip about %s: %s", interface, error)
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _IP_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return parse_link_state(output)


def parse_link_state(output: bytes) -> LinkState | None:
    """What `ip -details -json link show` printed of one interface; None when it printed nothing of use."""
    try:
        info = msgspec.json.decode(output)[0]["linkinfo"]
        if info["info_kind"] != "can":
            return LinkState("", None)
        data = info["info_data"]
        return LinkState(str(data.get("state", "")), "LISTEN-ONLY" in data.get("ctrlmode", ()))
    except (msgspec.DecodeError, KeyError, IndexError, TypeError):
        return None
