"""The supervised reader on real buses: it hears all, comes back by itself, and tells what happened."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pty
import socket
import tty
import types
from collections.abc import AsyncIterator
from pathlib import Path

import can
import pytest
from tests.support.can_listening import HastyClock, Heard, listening
from tests.support.ports import free_port
from tests.support.waiting import until

from stallaini.clock import VirtualClock
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.reader import CanReader
from stallaini.devices.can_bus.simbus import ERROR, EXTENDED, REMOTE, Hub
from stallaini.errors import OperatorError


@contextlib.asynccontextmanager
async def hub_at(path: Path) -> AsyncIterator[Hub]:
    hub = Hub(path)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.close()


def message(index: int, can_id: int = 0x356) -> can.Message:
    return can.Message(arbitration_id=can_id, is_extended_id=False, data=index.to_bytes(4, "big"))


def numbers(frames: list[Frame]) -> list[int]:
    return [int.from_bytes(frame.data, "big") for frame in frames]


async def test_simbus_loses_no_frame_of_a_burst(tmp_path: Path) -> None:
    count = 3000
    async with hub_at(tmp_path / "bus") as hub, listening(f"simbus:{tmp_path}/bus") as (reader, heard):
        await heard.until_event("can.open")
        for index in range(count):
            await hub.send(0x356, index.to_bytes(4, "big"))
        await heard.until_frames(count)
    assert numbers(heard.frames) == list(range(count))
    assert reader.counters["frames"] == count
    assert heard.frames[0].id == 0x356
    assert heard.frames == sorted(heard.frames, key=lambda frame: frame.monotonic_s)


async def test_virtual_loses_no_frame_of_a_burst() -> None:
    async with listening("virtual:burst") as (_, heard):
        await heard.until_event("can.open")
        with can.Bus(interface="virtual", channel="burst") as sender:
            await asyncio.to_thread(lambda: [sender.send(message(index)) for index in range(1000)])
            await heard.until_frames(1000)
    assert numbers(heard.frames) == list(range(1000))


async def test_udp_multicast_is_heard_and_garbage_on_it_is_borne() -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with listening(f"udp_multicast:239.74.163.2:{port}") as (reader, heard):
        await heard.until_event("can.open")
        with (
            can.Bus(interface="udp_multicast", channel="239.74.163.2", port=port, hop_limit=0) as sender,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stray,
        ):
            stray.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            for second in range(5):
                for index in range(6):
                    sender.send(message(6 * second + index))
                stray.sendto(b"no CAN frame", ("239.74.163.2", port))
                await heard.until_frames(6 * (second + 1))
            await until(lambda: reader.counters["damaged_frames"] == 5)
    assert numbers(heard.frames) == list(range(30))
    assert "can.lost" not in heard.kinds()


async def test_slcan_is_opened_for_listening(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_wait = types.SimpleNamespace(sleep=lambda _: None, time=lambda: 0.0)
    monkeypatch.setattr("can.interfaces.slcan.time", no_wait)
    adapter, serial = pty.openpty()
    tty.setraw(adapter)
    tty.setraw(serial)
    port = tmp_path / "ttyACM0"
    port.symlink_to(os.ttyname(serial))
    async with listening(f"slcan:{port}@115200") as (_, heard):
        assert await heard.until_event("can.open") == {"bus": f"slcan:{port}@115200", "listen_only": True}
        said = os.read(adapter, 100)
        assert said.endswith(b"L\r")
        assert b"O\r" not in said
        os.write(adapter, b"".join(b"t3564%08X\r" % index for index in range(200)))
        os.write(adapter, b"r3554\rt3564zzzzzzzz\rt35640")
        os.write(adapter, b"00000C8\r")
        await heard.until_frames(202)
        assert numbers([frame for frame in heard.frames if not frame.remote]) == list(range(201))
        assert [frame.id for frame in heard.frames if frame.remote] == [0x355]
        os.close(adapter)
        await heard.until_event("can.lost")
    os.close(serial)


async def test_it_comes_back_when_the_bus_does(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    async with listening(f"simbus:{path}") as (reader, heard):
        lost = await heard.until_event("can.lost")
        assert "no hub at" in str(lost["reason"])
        async with hub_at(path) as hub:
            await heard.until_event("can.open")
            await hub.send(0x356, b"\0\0\0\1")
            await heard.until_frames(1)
        await until(lambda: heard.kinds() == ["can.lost", "can.open", "can.lost"])
        async with hub_at(path) as hub:
            await until(lambda: heard.kinds().count("can.open") == 2)
            await hub.send(0x356, b"\0\0\0\2")
            await heard.until_frames(2)
        assert numbers(heard.frames) == [1, 2]
        assert reader.counters["lost"] >= 2


async def test_it_waits_longer_between_attempts_up_to_thirty_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock(0.0)
    tried_at_s: list[float] = []

    async def fail(_: CanReader) -> can.BusABC:
        tried_at_s.append(clock.monotonic_s())
        raise OSError(19, "No such device")

    monkeypatch.setattr(CanReader, "_open", fail)
    async with listening("socketcan:can0", clock) as (_, heard):
        while len(tried_at_s) < 8:
            for _ in range(5):
                await asyncio.sleep(0)
            clock.advance(0.25)
    pauses = [after - before for before, after in itertools.pairwise(tried_at_s)]
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30], abs=0.3)
    assert heard.kinds() == ["can.lost"]


async def test_a_frame_shortens_the_wait_again(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    heard = Heard()
    reader = CanReader(f"simbus:{path}", HastyClock(), heard.frames.append, heard.on_event)
    reader._retry_s = 30.0
    task = asyncio.create_task(reader.run())
    async with hub_at(path) as hub:
        await heard.until_event("can.open")
        await hub.send(0x356, b"\0\0\0\1")
        await heard.until_frames(1)
        assert reader._retry_s == 1.0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_silence_is_told_once_and_so_is_its_end() -> None:
    clock = VirtualClock(0.0)
    with can.Bus(interface="virtual", channel="silence") as sender:
        async with listening("virtual:silence", clock) as (_, heard):
            await heard.until_event("can.open")
            sender.send(message(1))
            await heard.until_frames(1)
            for _ in range(29):
                clock.advance(1)
                await asyncio.sleep(0.001)
            assert "can.silent" not in heard.kinds()
            clock.advance(2)
            assert (await heard.until_event("can.silent"))["after_s"] == 30
            for _ in range(10):
                clock.advance(10)
                await asyncio.sleep(0.001)
            assert heard.kinds().count("can.silent") == 1
            sender.send(message(2))
            assert (await heard.until_event("can.heard"))["silent_s"] == 131
            clock.advance(35)
            await until(lambda: heard.kinds().count("can.silent") == 2)


async def test_error_frames_are_counted_and_told_once_a_minute(tmp_path: Path) -> None:
    clock = VirtualClock(0.0)
    async with hub_at(tmp_path / "bus") as hub, listening(f"simbus:{tmp_path}/bus", clock) as (reader, heard):
        await heard.until_event("can.open")
        for _ in range(50):
            await hub.send(ERROR | 0x24, bytes(8))
        await heard.until_frames(50)
        clock.advance(61)
        await hub.send(ERROR | 0x80, bytes(8))
        await heard.until_frames(51)
        assert reader.counters["error_frames"] == 51
        assert reader.counters["frames"] == 0
        told = [data for kind, data in heard.events if kind == "can.error_frame"]
        bus = f"simbus:{tmp_path}/bus"
        assert told == [
            {"bus": bus, "count": 1, "classes": "controller, no acknowledgement"},
            {"bus": bus, "count": 50, "classes": "bus error"},
        ]
        assert all(frame.error and not frame.extended for frame in heard.frames)


async def test_bus_off_is_told_once_until_the_bus_lives_again(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "bus") as hub, listening(f"simbus:{tmp_path}/bus") as (_, heard):
        await heard.until_event("can.open")
        for can_id in (ERROR | 0x40, ERROR | 0x40, ERROR | 0x100, ERROR | 0x40, 0x356, ERROR | 0x40):
            await hub.send(can_id, bytes(8))
        await heard.until_frames(6)
        assert heard.kinds().count("can.bus_off") == 3


async def test_the_kind_of_a_frame_is_kept(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "bus") as hub, listening(f"simbus:{tmp_path}/bus") as (_, heard):
        await heard.until_event("can.open")
        await hub.send(EXTENDED | 0x18FF0001, b"\1")
        await hub.send(REMOTE | 0x355, b"")
        frames = await heard.until_frames(2)
        assert (frames[0].id, frames[0].extended) == (0x18FF0001, True)
        assert (frames[1].id, frames[1].remote) == (0x355, True)


async def test_stopping_it_leaves_the_bus(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "bus") as hub:
        async with listening(f"simbus:{tmp_path}/bus") as (_, heard):
            await heard.until_event("can.open")
            await until(lambda: hub.peers == 1)
        await until(lambda: hub.peers == 0)


async def test_a_fault_of_the_listener_is_not_hidden(tmp_path: Path) -> None:
    def fail(_: Frame) -> None:
        raise RuntimeError("a fault in the decoder")

    async with hub_at(tmp_path / "bus") as hub:
        heard = Heard()
        reader = CanReader(f"simbus:{tmp_path}/bus", HastyClock(), fail, heard.on_event)
        task = asyncio.create_task(reader.run())
        await heard.until_event("can.open")
        await hub.send(0x356, b"")
        with pytest.raises(ExceptionGroup, match="unhandled") as caught:
            await asyncio.wait_for(task, 5)
        assert caught.group_contains(RuntimeError, match="a fault in the decoder")


def test_a_line_that_is_no_bus_is_refused_at_once() -> None:
    heard = Heard()
    with pytest.raises(OperatorError, match="no such bus 'can0'; write one of socketcan:can0"):
        CanReader("can0", HastyClock(), heard.frames.append, heard.on_event)
