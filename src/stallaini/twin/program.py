"""The twin as a program: one house, the wires it was told to serve, its faults, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from stallaini.clock import Clock
from stallaini.errors import OperatorError
from stallaini.twin.control_socket import ControlSocket
from stallaini.twin.edge_clock import ServedClock
from stallaini.twin.faults.faults import Faults, params_of
from stallaini.twin.faults.parts import Parts
from stallaini.twin.faults.scenario import Scenario
from stallaini.twin.life import Life
from stallaini.twin.physics.house import House
from stallaini.twin.wires.battery_bus import BatteryBus
from stallaini.twin.wires.byte_ends import Answer, end_of
from stallaini.twin.wires.byte_trouble import ByteTrouble
from stallaini.twin.wires.cells_face import cells_of
from stallaini.twin.wires.scom_face import ScomFace
from stallaini.twin.wires.studer_plant import StuderPlant
from stallaini.twin.wires.udp_relay import relay_of
from stallaini.twin.wires.wire import wire_of
from stallaini.twin.wires.xcom_can_face import XcomCanFace

_ORDERS = "`fault NAME [for=SECONDS] [name=value ...]`, `end NAME`, `faults` or `state`"


@dataclass(frozen=True)
class Faces:
    """What to serve, as the command line says it; None: not served."""

    bus: str | None = None
    scom: str | None = None
    xcom_can: str | None = None
    rs485: str | None = None
    relay: str | None = None
    edge_clock: Path | None = None
    control: Path | None = None
    profile: str = "pylontech-1.2"


class Twin:
    """One house and its faces. `say` gets a line about each face that is served."""

    def __init__(
        self,
        house: House,
        faces: Faces,
        clock: Clock,
        scenario: Scenario | None = None,
        seed: int = 1,
        zone: str = "Europe/Rome",
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._faces = faces
        self._clock = clock
        self._scenario = scenario or Scenario()
        self._seed = seed
        self._say = say
        self._life = Life(house, clock)
        self._parts = Parts(house, StuderPlant(house, zone))
        self._faults = Faults(self._parts, clock)
        self._started_at_s = clock.monotonic_s()
        self._open = AsyncExitStack()
        self._running: list[Coroutine[Any, Any, None]] = [self._life.run()]

    async def run(self, stopped: asyncio.Event) -> None:
        """Serve until `stopped` is set. Raises OperatorError when a face cannot be opened, or fails."""
        async with self._open:
            self._life.after_step += [self._parts.plant.look, self._faults.tick, self._begin_what_is_due]
            try:
                await self._serve_all()
            except BaseException:
                for never_run in self._running:
                    never_run.close()
                raise
            self._life.catch_up()
            await _until(stopped, self._running)

    def handle(self, words: Sequence[str]) -> dict[str, Any]:
        """Do what a line on the control socket asks; see `_ORDERS`. Raises OperatorError for any other."""
        match list(words):
            case ["fault", name, *rest]:
                params = params_of(rest)
                for_s = params.pop("for", None)
                self._faults.begin(name, params, None if for_s is None else _seconds(for_s))
            case ["end", name]:
                self._faults.end(name)
            case ["state"]:
                return dict(msgspec.to_builtins(self._life.house.state()))
            case ["faults"]:
                pass
            case _:
                raise OperatorError(f"write {_ORDERS}")
        return {"standing": self._faults.standing()}

    def _begin_what_is_due(self) -> None:
        for planned in self._scenario.due(self._clock.monotonic_s() - self._started_at_s):
            self._say(f"fault {planned.fault}")
            try:
                self._faults.begin(planned.fault, planned.params, planned.for_s)
            except OperatorError as error:
                self._say(f"fault {planned.fault}: {error}")

    async def _serve_all(self) -> None:
        faces = self._faces
        if faces.bus is not None:
            await self._serve_battery(faces.bus)
        if faces.xcom_can is not None:
            face = XcomCanFace(faces.xcom_can, self._parts.plant, served=faces.bus)
            self._parts.gateways.append(face)
            self._open.push_async_callback(face.close)
            await face.start()
            self._life.after_step.append(face.tell_news)
            self._say(f"Xcom-CAN, public protocol, on {faces.xcom_can}")
        if faces.scom is not None:
            trouble = self._parts.lines["scom"] = ByteTrouble(self._seed)
            gateway = ScomFace(self._parts.plant, trouble)
            self._parts.gateways.append(gateway)
            await self._serve_line("Studer gateway (SCOM)", faces.scom, gateway.answer)
        if faces.rs485 is not None:
            await self._serve_cells(faces.rs485)
        await self._serve_the_rest()

    async def _serve_battery(self, spec: str) -> None:
        wire = wire_of(spec)
        battery = self._parts.battery = BatteryBus(self._life, wire, self._faces.profile)
        self._open.push_async_callback(wire.close)
        await wire.start()
        self._life.each_second.append(battery.send)
        self._say(f"battery ({self._faces.profile}) on {spec}")

    async def _serve_cells(self, spec: str) -> None:
        trouble = self._parts.lines["rs485"] = ByteTrouble(self._seed)
        pack = cells_of(self._life.house)
        await self._serve_line(
            "battery modules (RS485)", spec, lambda data: trouble.carry(pack.feed(trouble.carry(data)))
        )

    async def _serve_line(self, what: str, spec: str, answer: Answer) -> None:
        end = end_of(spec, self._clock)
        self._open.push_async_callback(end.close)
        await end.start(answer)
        self._say(f"{what} on {spec}")

    async def _serve_the_rest(self) -> None:
        faces = self._faces
        if faces.relay is not None:
            relay = self._parts.relay = relay_of(faces.relay)
            self._open.push_async_callback(relay.close)
            await relay.start()
            self._say(f"relay {faces.relay}")
        if faces.edge_clock is not None:
            served = self._parts.edge_clock = ServedClock(faces.edge_clock, self._clock)
            self._running.append(served.run())
            self._say(f"clock of an edge in {faces.edge_clock}")
        if faces.control is not None:
            control = ControlSocket(faces.control, self.handle)
            self._open.push_async_callback(control.close)
            await control.start()
            self._say(f"control on {faces.control}")


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OperatorError(f"for={text} is no time; give seconds") from None


async def _until(stopped: asyncio.Event, running: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run until told to stop, or until one of them fails."""
    waiting = asyncio.create_task(stopped.wait())
    tasks = [waiting, *(asyncio.create_task(one) for one in running)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def serve(twin: Twin) -> None:
    """Run a twin until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, stopped.set)
    await twin.run(stopped)


def tell(line: str) -> None:
    """A line for the person at the terminal."""
    print(f"twin: {line}", file=sys.stderr, flush=True)
