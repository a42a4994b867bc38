"""A twin in this process on its real wires, and somebody at their other ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.can_listener import Heard, listening

from stallaini.clock import VirtualClock
from stallaini.devices.ports.opening import open_port
from stallaini.devices.ports.port import OpenPort
from stallaini.devices.studer.formats import Format, decode_value, encode_value
from stallaini.devices.studer.frame import Frame, FrameReader, encode_frame
from stallaini.devices.studer.service import (
    Answer,
    ObjectType,
    Property,
    Question,
    Read,
    WriteUnsaved,
    decode_answer,
    decode_message,
)
from stallaini.twin.faults.scenario import Scenario
from stallaini.twin.physics.house import House
from stallaini.twin.program import Faces, Twin

NOON_S = 1_795_428_000.0
_ANSWER_S = 0.7
_SILENCE_S = 0.05
_TURNS = 50


class Wired:
    """The twin's own clock stands still until `seconds` is called; the wires are real."""

    def __init__(self, folder: Path, house: House, clock: VirtualClock) -> None:
        self.folder = folder
        self.house = house
        self.clock = clock
        self.heard = Heard()
        self.gateway: OpenPort | None = None
        self.said: list[str] = []
        self._frames = FrameReader()

    async def seconds(self, count: int = 1) -> None:
        """Let the twin live on, each second on its own."""
        for _ in range(count):
            self.clock.advance(1.0)
            await taken_in()

    async def order(self, line: str) -> dict[str, Any]:
        """What the twin answers to a line on its control socket."""
        reader, writer = await asyncio.open_unix_connection(self.folder / "control")
        writer.write(line.encode() + b"\n")
        answer = dict(json.loads(await reader.readline()))
        writer.close()
        return answer

    async def ask(self, address: int, question: Question) -> tuple[int, Answer] | None:
        """The flags and the answer of the gateway; None when nothing valid comes."""
        if self.gateway is None:
            self.gateway = await open_port(f"serial:{self.folder / 'xcom'}@38400", parity="E")
        await self.gateway.send(encode_frame(Frame(0, 1, address, question.encode())))
        wait_s = _ANSWER_S
        while data := await self.gateway.receive(wait_s):
            for frame in self._frames.feed(data):
                return frame.flags, decode_answer(frame.data)
            wait_s = _SILENCE_S
        return None

    async def info(self, address: int, nr: int) -> Answer:
        """The answer to a read of an info."""
        answered = await self.ask(address, Read(ObjectType.INFO, nr, Property.INFO))
        assert answered is not None
        return answered[1]

    async def number(self, address: int, nr: int, format: Format = Format.FLOAT) -> float:
        """An info's value."""
        value = decode_value(format, (await self.info(address, nr)).data)
        assert isinstance(value, int | float)
        return value

    async def state(self, address: int, nr: int) -> float:
        """The value of an info that is an enumeration."""
        return await self.number(address, nr, Format.SHORT_ENUM)

    async def write(self, address: int, nr: int, format: Format, value: float) -> None:
        """Set a parameter in RAM; it must be taken."""
        answered = await self.ask(address, WriteUnsaved(nr, encode_value(format, value)))
        assert answered is not None
        assert answered[1].error is None

    async def messages(self) -> list[int]:
        """The numbers of the stored messages, newest first."""
        numbers: list[int] = []
        while True:
            answered = await self.ask(501, Read(ObjectType.MESSAGE, len(numbers), Property.NONE))
            assert answered is not None
            if answered[1].error is not None:
                return numbers
            numbers.append(decode_message(answered[1].data)[1].nr)

    def last(self, channel: str) -> float:
        """The newest reading of the battery's that was heard on the bus."""
        return self.heard.readings[channel][-1][1]


async def taken_in() -> None:
    """Let twin, bus and listener do what is due: all live in this event loop, and need turns, not time."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def wired(
    folder: Path, house: House | None = None, scenario: Scenario | None = None, **faces: Any
) -> AsyncIterator[Wired]:
    """A twin with battery bus, gateway and control socket in `folder`, and whatever else `faces` names."""
    house, clock = house or House(seed=3), VirtualClock(NOON_S, 1000.0)
    lines = {"scom": f"pty:{folder / 'xcom'}", **faces}
    served = Faces(bus=f"simbus:{folder / 'can'}", control=folder / "control", **lines)
    made = Wired(folder, house, clock)
    stopped = asyncio.Event()
    twin = Twin(house, served, clock, scenario, say=made.said.append)
    running = asyncio.create_task(twin.run(stopped))
    while not any(line.startswith("control") for line in made.said):
        assert not running.done(), running.result()
        await asyncio.sleep(0.001)
    try:
        async with listening(str(folder / "can"), clock.wall_s) as made.heard:
            await taken_in()
            yield made
    finally:
        if made.gateway is not None:
            made.gateway.close()
        stopped.set()
        await running
