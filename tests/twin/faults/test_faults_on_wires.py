"""Faults of the wires, seen on them: on the CAN bus, on serial lines, on the link, in the edge's clock."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.support.ports import free_port
from tests.support.twin_on_wires import taken_in, wired

from stallaini.clock import SharedClock
from stallaini.devices.can_bus.simbus import SimBus
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import Format, decode_value
from stallaini.devices.studer.service import ObjectType, Property, Read

RESTARTED = 0x02


async def test_can_silence(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(2)
        frames = twin.heard.frames
        assert frames == 12
        await twin.order("fault can-silence for=5")
        await twin.seconds(4)
        assert twin.heard.frames == frames
        assert await twin.number(601, 7002) != await twin.number(601, 7002), "not a number"
        assert await twin.messages() == [225]
        await twin.seconds(2)
        assert twin.heard.frames > frames
        assert await twin.messages() == [226, 225]
        assert await twin.number(601, 7002) == 72


async def test_bus_off(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        with SimBus(str(tmp_path / "can")) as listener:
            await taken_in()
            await twin.order("fault bus-off for=3")
            await twin.seconds(5)
            heard = []
            while (message := listener.recv(0.1)) is not None:
                heard.append(message)
        errors = [index for index, message in enumerate(heard) if message.is_error_frame]
        assert [heard[index].arbitration_id for index in errors] == [0x40, 0x100]
        assert errors == [0, 1], "silence between the two"
        assert len(heard) > 2


async def test_gateway_busy(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.order("fault gateway-busy for=2")
        assert (await twin.info(101, 3000)).error is ScomError.GATEWAY_BUSY
        await twin.seconds(3)
        assert (await twin.info(101, 3000)).error is None


async def test_the_gateway_is_busy_every_night_by_itself(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        local_s = twin.clock.wall_s() + 3600  # Rome in November
        twin.clock.advance(86_400 - local_s % 86_400 + 30)
        await taken_in()
        assert (await twin.info(101, 3000)).error is ScomError.GATEWAY_BUSY
        await twin.seconds(6)
        assert (await twin.info(101, 3000)).error is None


async def test_reboot(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.write(101, 1202, Format.LONG_ENUM, 4)
        await twin.seconds(1)
        await twin.order("fault reboot")
        await twin.seconds(1)
        answered = await twin.ask(101, Read(ObjectType.INFO, 3054, Property.INFO))
        assert answered is not None
        assert answered[0] & RESTARTED
        assert decode_value(Format.SHORT_ENUM, answered[1].data) == 1
        await twin.write(501, 5104, Format.SIGNAL, 1)
        answered = await twin.ask(101, Read(ObjectType.INFO, 3054, Property.INFO))
        assert answered is not None
        assert not answered[0] & RESTARTED


async def test_corrupted_bytes(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.order("fault corrupted-bytes share=0.3 line=scom")
        question = Read(ObjectType.INFO, 3000, Property.INFO)
        answers = [await twin.ask(101, question) for _ in range(3)]
        assert None in answers
        await twin.order("end corrupted-bytes")
        for _ in range(3):  # what lay half on the line may spoil the next
            answer = await twin.ask(101, question)
        assert answer is not None


async def test_clock_without_rtc(tmp_path: Path) -> None:
    async with wired(tmp_path, edge_clock=tmp_path / "clock") as twin:
        edge = SharedClock(tmp_path / "clock")
        assert (edge.wall_s(), edge.synchronized()) == (twin.clock.wall_s(), True)
        monotonic_s = edge.monotonic_s()
        await twin.order("fault clock-without-rtc days=2 for=10")
        await twin.seconds(5)
        assert edge.wall_s() == pytest.approx(twin.clock.wall_s() - 2 * 86_400, abs=0.1)
        assert not edge.synchronized()
        await twin.seconds(6)
        assert edge.wall_s() == pytest.approx(twin.clock.wall_s(), abs=0.1)
        assert edge.synchronized()
        assert edge.monotonic_s() == pytest.approx(monotonic_s + 11, abs=0.1), "that one never steps"


async def test_link_outage(tmp_path: Path) -> None:
    here = free_port(socket.SOCK_DGRAM)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        there = server.getsockname()[1]
        async with wired(tmp_path, relay=f"127.0.0.1:{here}->127.0.0.1:{there}") as twin:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as edge:
                edge.sendto(b"1", ("127.0.0.1", here))
                assert await loop.sock_recv(server, 10) == b"1"
                await twin.order("fault link-outage for=3")
                edge.sendto(b"2", ("127.0.0.1", here))
                await twin.seconds(4)
                edge.sendto(b"3", ("127.0.0.1", here))
                assert await loop.sock_recv(server, 10) == b"3"


async def test_a_fault_whose_part_is_not_served_is_refused_with_the_option(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        assert "--relay" in (await twin.order("fault link-outage"))["error"]
        assert "--edge-clock" in (await twin.order("fault clock-without-rtc"))["error"]
