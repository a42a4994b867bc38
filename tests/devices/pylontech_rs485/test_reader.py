"""The reader on a real pseudo-terminal and a real socket: it asks, is cut off, and comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.devices.pylontech_rs485.test_device import LOWER, UPPER
from tests.support.can_listening import HastyClock
from tests.support.serial_line import serial_line
from tests.support.waiting import until

from stallaini.clock import VirtualClock
from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.ports.port import OpenPort, PortLost
from stallaini.devices.pylontech_rs485.device import PylontechCells
from stallaini.devices.pylontech_rs485.reader import CellsReader
from stallaini.devices.pylontech_rs485.simulator import PackPort, Rs485Pack
from stallaini.errors import OperatorError
from stallaini.site.reading import Reading


class Heard:
    def __init__(self, spec: str) -> None:
        self.readings: list[Reading] = []
        self.events: list[tuple[str, EventData]] = []
        self.cells = PylontechCells("cells")
        self.reader = CellsReader(
            spec, self.cells, HastyClock(), self.readings.append, lambda *event: self.events.append(event)
        )

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]

    async def until_read(self) -> None:
        self.readings.clear()
        await until(lambda: any(reading.channel == "cells.alarm.module_2" for reading in self.readings))


@contextlib.asynccontextmanager
async def reading(
    spec: str, monkeypatch: pytest.MonkeyPatch, answer_timeout_s: float = 0.02
) -> AsyncIterator[Heard]:
    """A reader at work. Where no answer may be missed it needs more time than a busy machine stands still."""
    monkeypatch.setattr("stallaini.devices.pylontech_rs485.reader.ANSWER_TIMEOUT_S", answer_timeout_s)
    monkeypatch.setattr("stallaini.devices.pylontech_rs485.reader.QUIET_S", 0.0)
    heard = Heard(spec)
    task = asyncio.create_task(heard.reader.run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def pack() -> Rs485Pack:
    return Rs485Pack(lambda: [UPPER, LOWER])


async def test_cells_are_read_by_a_serial_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        serial_line(tmp_path / "tty", pack().feed),
        reading(f"serial:{tmp_path}/tty@115200", monkeypatch) as heard,
    ):
        await heard.until_read()
        await until(lambda: "cells.found" in heard.kinds())
    values = {reading.channel: reading.value for reading in heard.readings}
    assert values["cells.cell_voltage_max"] == 3.309
    assert heard.events[0] == ("cells.open", {"device": "cells", "port": f"serial:{tmp_path}/tty@115200"})
    assert "cells.lost" not in heard.kinds()


async def test_a_line_pulled_out_and_plugged_in_again_is_told_once_each_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        serial_line(tmp_path / "tty", pack().feed) as line,
        reading(f"serial:{tmp_path}/tty@115200", monkeypatch) as heard,
    ):
        await heard.until_read()
        for _ in range(2):
            heard.events.clear()
            line.pull_out()
            await until(lambda: "cells.lost" in heard.kinds())
            await asyncio.sleep(0.2)
            line.plug_in()
            await until(lambda: "cells.heard" in heard.kinds())
            await heard.until_read()
            assert heard.kinds()[:3] == ["cells.lost", "cells.open", "cells.heard"]
            assert "cells.lost" not in heard.kinds()[1:]


async def test_garbage_is_never_taken_for_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pack()
    said = [b"", b"\xff\x00\xfe", 300 * b"~", b"~2002460", real.feed(b"~20024642E002FFFD09\r")[:-3] + b"9\r"]
    turn = iter(range(10**6))

    def garbled(_: bytes) -> bytes:
        return said[next(turn) % len(said)]

    async with (
        serial_line(tmp_path / "tty", garbled) as line,
        reading(f"serial:{tmp_path}/tty@115200", monkeypatch) as heard,
    ):
        await until(lambda: "cells.lost" in heard.kinds())
        assert heard.readings == []
        line.answer = real.feed
        await heard.until_read()
    assert [kind for kind in heard.kinds() if kind in ("cells.lost", "cells.heard")] == [
        "cells.lost",
        "cells.heard",
    ]


async def test_an_echo_and_late_words_before_the_answer_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pack()
    late = b""

    def with_echo(request: bytes) -> bytes:
        nonlocal late
        before, late = late, real.feed(request)
        return request + before + late

    async with (
        serial_line(tmp_path / "tty", with_echo),
        reading(f"serial:{tmp_path}/tty@115200", monkeypatch, answer_timeout_s=5.0) as heard,
    ):
        await heard.until_read()
        await heard.until_read()
    assert heard.cells.counters["missed"] == 0
    assert heard.cells.counters["strays"] > 2


async def test_cells_are_read_by_a_serial_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stack = pack()
        while data := await reader.read(100):
            writer.write(stack.feed(data))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        number = server.sockets[0].getsockname()[1]
        async with reading(f"tcp:127.0.0.1:{number}", monkeypatch) as heard:
            await heard.until_read()


async def test_a_line_that_names_no_port_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperatorError, match="write"):
        await Heard("serial:ttyUSB1").reader.run()


async def test_attempts_to_open_come_more_and_more_rarely() -> None:
    clock = VirtualClock(0.0)
    attempts: list[float] = []

    async def closed(_: str) -> OpenPort:
        attempts.append(clock.monotonic_s())
        raise PortLost("not there")

    events: list[str] = []
    cells = PylontechCells("cells")
    reader = CellsReader("tcp:a:1", cells, clock, lambda _: None, lambda kind, _: events.append(kind), closed)
    task = asyncio.create_task(reader.run())
    for _ in range(120):
        await asyncio.sleep(0)
        clock.advance(1)
    task.cancel()
    assert attempts == [0, 1, 3, 7, 15, 31, 61, 91]
    assert events == ["cells.lost"]


async def test_in_virtual_time_a_stack_in_this_process_answers_at_once() -> None:
    clock = VirtualClock(0.0)
    readings: list[Reading] = []
    reader = CellsReader("tcp:a:1", PylontechCells("cells"), clock, readings.append, lambda *_: None)
    port = PackPort(pack())
    for _ in range(3):
        readings.clear()
        await reader.ask_due(port)
        assert readings[-1].monotonic_s == clock.monotonic_s()
        clock.advance(10)
    assert {reading.channel for reading in readings} >= {"cells.current", "cells.alarm.module_2"}
