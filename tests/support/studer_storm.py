"""A line that damages, delays, loses, splits and merges, and a plant that knows what it said when.

All in this process, in virtual time, from one seed.
"""

from __future__ import annotations

import random
from collections import Counter, deque

from stallaini.clock import VirtualClock
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.studer.asker import Part, StuderRefused, StuderSilent
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.simulator import CanNode, MemoryPlant, ScomGateway

INFOS = (
    (101, 3000), (101, 3005), (101, 3031), (101, 3028), (101, 3136), (101, 3078),
    (301, 11000), (301, 11004), (301, 11016), (301, 11007), (601, 7002), (601, 7003),
)  # fmt: skip
ENUMS = {3031, 3028, 11016}
PARAMETERS = ((101, 1107, Part.VALUE), (101, 1107, Part.MIN), (101, 1107, Part.MAX), (101, 1202, Part.VALUE))
LATEST_S, LATEST_CAN_S = 5.5, 2.9


class TellingPlant(MemoryPlant):
    """Never says the same number of two infos, nor twice within any time that matters; remembers all."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__({address: {} for address, _ in INFOS})
        self._clock = clock
        self._position = {each: at for at, each in enumerate(INFOS)}
        self._count = 0
        self.said_s: dict[tuple[int, int, float], float] = {}

    def info(self, address: int, nr: int) -> float | None:
        position = self._position.get((address, nr))
        if position is None:
            return None
        self._count += 1
        turn = self._count % (5_000 if nr in ENUMS else 1_000_000)
        value = float(turn * len(INFOS) + position)
        self.said_s[address, nr, value] = self._clock.monotonic_s()
        return value


class StormyPort:
    """A gateway behind a bad line. Bytes keep their order; each way has its own misfortunes."""

    def __init__(self, gateway: ScomGateway, clock: VirtualClock, chance: random.Random) -> None:
        self.requests = 0
        self.misfortunes: Counter[str] = Counter()
        self._gateway = gateway
        self._clock = clock
        self._chance = chance
        self._coming: deque[tuple[float, bytes]] = deque()
        self._last_s = 0.0

    async def send(self, data: bytes) -> None:
        self.requests += 1
        if self._chance.random() < 0.05:
            data = self._damage(data)
        answer = self._gateway.feed(data)
        self._clock.advance(0.008)
        if not answer:
            return
        luck = self._chance.random()
        delay_s = 0.02
        if luck < 0.12:
            answer = self._damage(answer)
        elif luck < 0.15:
            self.misfortunes["late"] += 1
            delay_s = self._chance.uniform(2.1, LATEST_S)
        elif luck < 0.16:
            self.misfortunes["lost"] += 1
            return
        elif luck < 0.25:
            answer = self._chance.choice((b"\xff", b"\r\n", b"\xff\xff")) + answer + b"\r\n"
        self._last_s = max(self._last_s, self._clock.monotonic_s() + delay_s)
        cut = self._chance.randrange(len(answer)) if luck > 0.7 and answer else 0
        for piece in (answer[:cut], answer[cut:]):
            if piece:
                self._coming.append((self._last_s, piece))

    async def receive(self, timeout_s: float) -> bytes:
        ends_s = self._clock.monotonic_s() + timeout_s
        if not self._coming or self._coming[0][0] > ends_s:
            self._clock.advance(timeout_s)
            return b""
        at_s, data = self._coming.popleft()
        self._clock.advance(max(0.0, at_s - self._clock.monotonic_s()))
        while (
            self._coming and self._coming[0][0] <= self._clock.monotonic_s() and self._chance.random() < 0.5
        ):
            data += self._coming.popleft()[1]  # what came together is received together
        return data

    def _damage(self, data: bytes) -> bytes:
        kind = self._chance.choice(("flips", "dropped", "inserted", "burst", "cut", "false start"))
        self.misfortunes[kind] += 1
        damaged = bytearray(data)
        at = self._chance.randrange(len(damaged))
        if kind == "flips":
            for _ in range(self._chance.randint(1, 4)):
                damaged[self._chance.randrange(len(damaged))] ^= 1 << self._chance.randrange(8)
        elif kind == "dropped":
            del damaged[at : at + self._chance.randint(1, 3)]
        elif kind == "inserted":
            damaged[at:at] = self._chance.randbytes(self._chance.randint(1, 3))
        elif kind == "burst":
            size = self._chance.randint(2, 6)
            damaged[at : at + size] = self._chance.randbytes(min(size, len(damaged) - at))
        elif kind == "cut":
            del damaged[at:]
        else:
            damaged[0:0] = data[:at]
        return bytes(damaged)


class StormyBus:
    """An Xcom-CAN on a busy bus: frames keep their bytes, but are late or lost, and others pass as well."""

    def __init__(self, node: CanNode, clock: VirtualClock, chance: random.Random) -> None:
        self.requests = 0
        self.misfortunes: Counter[str] = Counter()
        self._node = node
        self._clock = clock
        self._chance = chance
        self._coming: deque[tuple[float, Frame]] = deque()
        self._last_s = 0.0

    async def send(self, can_id: int, data: bytes) -> None:
        self.requests += 1
        answers = self._node.answer(can_id, data)
        self._clock.advance(0.002)
        luck = self._chance.random()
        delay_s = 0.02
        if luck < 0.1:
            self.misfortunes["late"] += 1
            delay_s = self._chance.uniform(1.1, LATEST_CAN_S)
        elif luck < 0.15:
            self.misfortunes["lost"] += 1
            answers = []
        elif luck < 0.4:
            self.misfortunes["foreign"] += 1
            twins = [
                (answer_id ^ 1 << self._chance.randrange(6, 29), answer[:-4] + self._chance.randbytes(4))
                for answer_id, answer in answers
            ]
            answers = [*twins, *answers]
        self._last_s = max(self._last_s, self._clock.monotonic_s() + delay_s)
        for answer_id, answer in answers:
            for extended in (False, True):
                frame = Frame(answer_id, answer, self._last_s, extended=extended)
                self._coming.append((self._last_s, frame))

    async def receive(self, timeout_s: float) -> Frame | None:
        ends_s = self._clock.monotonic_s() + timeout_s
        if not self._coming or self._coming[0][0] > ends_s:
            self._clock.advance(timeout_s)
            return None
        at_s, frame = self._coming.popleft()
        self._clock.advance(max(0.0, at_s - self._clock.monotonic_s()))
        return frame


class Storm:
    """Asks at random and judges every answer. `outcomes` counts right, silent and refused; `wrong` lists."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = VirtualClock(1_750_000_000.0)
        self.plant = TellingPlant(self.clock)
        self.late_s = LATEST_S
        gateway = ScomGateway(self.plant, self.clock.wall_s)
        self.port: StormyPort | StormyBus = StormyPort(gateway, self.clock, self.chance)
        self.master: ScomMaster | CanMaster = ScomMaster(self.port, self.clock)
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []

    @classmethod
    def on_can(cls, seed: int) -> Storm:
        """The same on a CAN bus."""
        storm = cls(seed)
        storm.late_s = LATEST_CAN_S
        storm.port = StormyBus(CanNode(storm.plant), storm.clock, storm.chance)
        storm.master = CanMaster(storm.port, storm.clock)
        return storm

    async def run(self, exchanges: int) -> None:
        """Ask so often."""
        for _ in range(exchanges):
            self.clock.advance(self.chance.random())
            luck = self.chance.random()
            try:
                if luck < 0.8:
                    await self._read_info()
                elif luck < 0.88:
                    await self._read_parameter()
                elif luck < 0.94:
                    await self._write()
                else:
                    await self._read_many()
            except StuderSilent:
                self.outcomes["silent"] += 1
            except StuderRefused as refusal:
                self.outcomes[f"refused: {refusal.error.name}"] += 1
            else:
                self.outcomes["right"] += 1

    async def _read_info(self) -> None:
        address, nr = self.chance.choice(INFOS)
        began_s = self.clock.monotonic_s()
        self._judge(address, nr, await self.master.read_info(address, nr), began_s)

    async def _read_many(self) -> None:
        wanted = self.chance.sample(INFOS, 8)
        began_s = self.clock.monotonic_s()
        for (address, nr), value in (await self.master.read_many(wanted)).items():
            self._judge(address, nr, value, began_s)

    async def _read_parameter(self) -> None:
        address, nr, part = self.chance.choice(PARAMETERS)
        value = await self.master.read_parameter(address, nr, part)
        if value != self.plant.parameter(address, nr, part):
            self.wrong.append(f"parameter {nr} {part}: {value}")

    async def _write(self) -> None:
        address, nr = 101, 1107
        value = float(self.chance.randint(2, 50))
        await self.master.write_unsaved(address, nr, value)
        if self.plant.effective(address, nr) != value:
            self.wrong.append(f"write {value}: device has {self.plant.effective(address, nr)}")

    def _judge(self, address: int, nr: int, value: float, began_s: float) -> None:
        said_s = self.plant.said_s.get((address, nr, value))
        if said_s is None or said_s < began_s - self.late_s:
            self.wrong.append(f"info {nr}: {value}, said {said_s}, asked {began_s}")
