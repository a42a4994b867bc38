"""Devices whose infos follow their parameters, behind either kind of gateway, and a writer for them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from tests.support.studer_port import InProcessPort

from stallaini.clock import VirtualClock
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.studer.asker import StuderAsker
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.intents import Intent, SiteLimits
from stallaini.devices.studer.ledger import Ledger
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.simulator import CanNode, MemoryPlant, ScomGateway
from stallaini.devices.studer.writer import StuderWriter

NOON_S = 1_750_154_400.0
"""2025-06-17T10:00Z: noon in Rome."""

Wire = Literal["scom", "can"]
_MODES = {1.0: 1.0, 2.0: 2.0, 4.0: 3.0, 8.0: 4.0}
_AUX = {(101, 3054): 1202, (101, 3055): 1311, (301, 11063): 10089, (301, 11064): 10143}
_CONTACTS = {(101, 3031): 1202, (101, 3032): 1311, (301, 11061): 10089, (301, 11062): 10143}
_FOLLOWING = {(101, 3017): 1107, (101, 3004): 1138}
_LOCKS = (1124, 1125, 1126, 1128, 1127)
_NEW_SOFTWARE = (0x0100, 0x0620)


class HousePlant(MemoryPlant):
    """1.6.32 everywhere; `stuck` parameters take writes and do nothing, `refuses` answers with an error."""

    def __init__(self) -> None:
        super().__init__({101: {}, 301: {11001: 12.0}, 601: {}, 501: {}})
        for address, numbers in {101: (3130, 3131), 301: (11050, 11051), 601: (7037, 7038)}.items():
            self.infos[address] |= dict(zip(numbers, _NEW_SOFTWARE, strict=True))
        self.off: set[int] = set()
        self.stuck: set[int] = set()
        self.refuses: dict[int, ScomError] = {}
        self.writes: list[tuple[int, int, float]] = []

    def info(self, address: int, nr: int) -> float | None:
        """What the device tells: most of it follows what is in effect."""
        if nr in self.infos[address]:
            return self.infos[address][nr]
        if nr in (3049, 11069):
            return float(address not in self.off)
        if nr == 3056:
            return float(sum(1 << bit for bit, lock in enumerate(_LOCKS) if not self._has(address, lock)))
        if nr == 7065:
            return min(40.0, self._has(address, 6069))
        if (address, nr) in _AUX:
            return _MODES.get(self._has(address, _AUX[address, nr]), 0.0)
        if (address, nr) in _CONTACTS:
            return float(self._has(address, _CONTACTS[address, nr]) == 4)
        if (address, nr) in _FOLLOWING:
            return self._has(address, _FOLLOWING[address, nr])
        return None

    def write(self, address: int, nr: int, value: float, saved: bool) -> ScomError | None:
        """Signals switch; others are kept in RAM."""
        assert not saved, "a write to flash"
        self.writes.append((address, nr, value))
        if nr in self.refuses:
            return self.refuses[nr]
        if nr in self.stuck:
            return None
        if nr in (1399, 10040):
            self.off.add(address)
        elif nr in (1415, 10039):
            self.off.discard(address)
        return super().write(address, nr, value, saved)

    def restart(self, address: int) -> None:
        """RAM is gone, what was off is on."""
        super().restart(address)
        self.off.discard(address)

    def person(self, address: int, nr: int, value: float) -> None:
        """Somebody sets a parameter at the remote control."""
        self.flash[address, nr] = self.ram[address, nr] = value

    def _has(self, address: int, nr: int) -> float:
        value = self.effective(address, nr)
        return math.nan if value is None else value


class SwiftClock(VirtualClock):
    """Whoever sleeps moves the time."""

    async def sleep(self, seconds: float) -> None:
        """Be there at once."""
        self.advance(seconds)


class CanPort:
    """A simulated Xcom-CAN in this process; remembers what was sent."""

    def __init__(self, answer: Callable[[int, bytes], list[tuple[int, bytes]]], clock: VirtualClock) -> None:
        self._answer = answer
        self.clock = clock
        self.sent: list[tuple[int, bytes]] = []
        self._coming: deque[Frame] = deque()

    async def send(self, can_id: int, data: bytes) -> None:
        """Hand it to the node."""
        self.sent.append((can_id, data))
        for answer_id, answer in self._answer(can_id, data):
            self._coming.append(Frame(answer_id, answer, self.clock.monotonic_s(), extended=True))

    async def receive(self, timeout_s: float) -> Frame | None:
        """What came, or a time-out in virtual time."""
        if self._coming:
            return self._coming.popleft()
        self.clock.advance(timeout_s)
        return None


class House:
    """The plant, one of the two wires to it, and a writer with its ledger in a file."""

    def __init__(self, folder: Path, wire: Wire = "scom", limits: SiteLimits | None = None) -> None:
        self.folder = folder
        self.limits = limits or SiteLimits()
        self.clock = SwiftClock(NOON_S)
        self.plant = HousePlant()
        self.gateway = ScomGateway(self.plant, self.clock.wall_s)
        self.node = CanNode(self.plant)
        self.asker: StuderAsker
        if wire == "scom":
            port = InProcessPort(self.gateway, self.clock)
            port.respond = self._by_scom
            self.asker = ScomMaster(port, self.clock)
        else:
            self.asker = CanMaster(CanPort(self._by_can, self.clock), self.clock)
        self.deaf = self.deaf_after_writes = False
        """Answers are lost: now, or from the next write on."""
        self.restart_program()

    def restart_program(self) -> None:
        """A new writer on the same files."""
        self.ledger = Ledger(self.folder / "writes.json", ZoneInfo("Europe/Rome"), self.clock)
        self.writer = StuderWriter(self.asker, self.clock, self.ledger, self.limits)

    def silence(self, silent: bool) -> None:
        """The gateway answers nothing, or answers again."""
        self.gateway.faults.mute = self.node.mute = silent

    def _by_scom(self, data: bytes) -> bytes:
        answer = self.gateway.feed(data)
        return b"" if self._lost() else answer

    def _by_can(self, can_id: int, data: bytes) -> list[tuple[int, bytes]]:
        answer = self.node.answer(can_id, data)
        return [] if self._lost() else answer

    def _lost(self) -> bool:
        self.deaf = self.deaf or (self.deaf_after_writes and bool(self.plant.writes))
        return self.deaf

    async def looked(self) -> Sequence[tuple[str, int]]:
        """A minute later: what was noticed, as (kind, parameter)."""
        self.clock.advance(60)
        return [(each.kind, each.nr) for each in await self.writer.look()]


def want(address: int, nr: int, value: float, lasts_s: float = 3600.0, *, by_person: bool = False) -> Intent:
    """An intent of the water heater's plan, or of Anna."""
    return Intent(address, nr, value, lasts_s, "anna" if by_person else "heater", by_person)
