"""The bus between processes: nothing lost, nothing out of order, nobody left behind."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import can
import pytest
from tests.support.waiting import until

from stallaini.devices.can_bus.simbus import FRAME, Hub, SimBus, pack_frame
from stallaini.errors import OperatorError


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    hub = Hub(tmp_path / "bus")
    await hub.start()
    yield hub
    await hub.close()


@contextlib.asynccontextmanager
async def client(tmp_path: Path, hub: Hub, receive: bool = True) -> AsyncIterator[SimBus]:
    peers = hub.peers
    bus = await asyncio.to_thread(lambda: SimBus(str(tmp_path / "bus"), receive=receive))
    await until(lambda: hub.peers > peers)
    yield bus
    bus.shutdown()


def number(index: int) -> can.Message:
    return can.Message(arbitration_id=0x351, is_extended_id=False, data=index.to_bytes(4, "big"))


def receive(bus: can.BusABC, count: int) -> list[can.Message]:
    return [message for _ in range(count) if (message := bus.recv(5)) is not None]


async def test_python_can_opens_it_by_name(tmp_path: Path, hub: Hub) -> None:
    bus = await asyncio.to_thread(can.Bus, interface="simbus", channel=str(tmp_path / "bus"))
    assert isinstance(bus, SimBus)
    bus.shutdown()


async def test_every_listener_hears_all_of_two_senders_in_one_order(tmp_path: Path, hub: Hub) -> None:
    count = 2000
    async with (
        client(tmp_path, hub) as one,
        client(tmp_path, hub) as other,
        client(tmp_path, hub, receive=False) as first,
        client(tmp_path, hub, receive=False) as second,
    ):

        def send(bus: SimBus, start: int) -> None:
            for index in range(start, start + count):
                bus.send(number(index))

        heard_one, heard_other, _, _ = await asyncio.gather(
            asyncio.to_thread(receive, one, 2 * count),
            asyncio.to_thread(receive, other, 2 * count),
            asyncio.to_thread(send, first, 0),
            asyncio.to_thread(send, second, count),
        )
    order = [int.from_bytes(message.data, "big") for message in heard_one]
    assert [int.from_bytes(message.data, "big") for message in heard_other] == order
    assert sorted(order) == list(range(2 * count))
    assert [index for index in order if index < count] == list(range(count))


async def test_a_slow_listener_slows_the_sender_and_loses_nothing(tmp_path: Path, hub: Hub) -> None:
    count = 3000
    async with client(tmp_path, hub) as slow, client(tmp_path, hub, receive=False) as sender:

        def send() -> None:
            for index in range(count):
                sender.send(number(index))

        sending = asyncio.create_task(asyncio.to_thread(send))
        await asyncio.sleep(0.2)
        assert not sending.done()
        heard = await asyncio.to_thread(receive, slow, count)
        await sending
    assert [int.from_bytes(message.data, "big") for message in heard] == list(range(count))


async def test_drained_tells_when_all_has_been_read(tmp_path: Path, hub: Hub) -> None:
    async with client(tmp_path, hub) as listener, client(tmp_path, hub, receive=False) as sender:
        for index in range(10):
            sender.send(number(index))
        drained = asyncio.create_task(hub.drained())
        await asyncio.sleep(0.05)
        assert not drained.done()
        assert len(await asyncio.to_thread(receive, listener, 9)) == 9
        await asyncio.sleep(0.05)
        assert not drained.done()
        await asyncio.to_thread(receive, listener, 1)
        await asyncio.wait_for(drained, 5)
        assert sender.unsent() == 0


async def test_the_hub_itself_can_send(tmp_path: Path, hub: Hub) -> None:
    async with client(tmp_path, hub) as listener:
        await hub.send(0x355, b"\x58\0\x5e\0")
        (message,) = await asyncio.to_thread(receive, listener, 1)
        assert (message.arbitration_id, bytes(message.data)) == (0x355, b"\x58\0\x5e\0")


@pytest.mark.parametrize(
    "sent",
    [
        can.Message(arbitration_id=0x40, is_error_frame=True, is_extended_id=False, data=bytes(8)),
        can.Message(arbitration_id=0x18FF0001, is_extended_id=True, data=b"\1\2"),
        can.Message(arbitration_id=0x355, is_extended_id=False, is_remote_frame=True, dlc=4),
        can.Message(arbitration_id=0x7FF, is_extended_id=False),
    ],
    ids=["error", "extended", "remote", "empty"],
)
async def test_every_kind_of_frame_passes(tmp_path: Path, hub: Hub, sent: can.Message) -> None:
    async with client(tmp_path, hub) as listener, client(tmp_path, hub) as sender:
        sender.send(sent)
        (heard,) = await asyncio.to_thread(receive, listener, 1)
        assert heard.equals(sent, timestamp_delta=None, check_channel=False)


async def test_a_peer_that_dies_is_forgotten(tmp_path: Path, hub: Hub) -> None:
    async with client(tmp_path, hub, receive=False) as sender:
        async with client(tmp_path, hub):
            assert hub.peers == 2
        sender.send(number(1))
        await asyncio.wait_for(hub.drained(), 5)
        await until(lambda: hub.peers == 1)


async def test_a_stray_packet_is_dropped(tmp_path: Path, hub: Hub) -> None:
    async with client(tmp_path, hub) as listener:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stray:
            await asyncio.to_thread(stray.connect, str(tmp_path / "bus"))
            stray.send(b"short")
            stray.send(pack_frame(0x123, b"ok"))
            (message,) = await asyncio.to_thread(receive, listener, 1)
            assert message.arbitration_id == 0x123


async def test_a_bus_whose_hub_is_gone_fails_as_python_can_buses_do(tmp_path: Path, hub: Hub) -> None:
    async with client(tmp_path, hub) as bus:
        waiting = asyncio.create_task(asyncio.to_thread(bus.recv, 10))
        await asyncio.sleep(0.05)
        await hub.close()
        with pytest.raises(can.CanOperationError, match="hub is gone"):
            await waiting
        with pytest.raises(can.CanOperationError):
            bus.send(number(1))
    with pytest.raises(can.CanInitializationError, match="no hub at"):
        SimBus(str(tmp_path / "bus"))


async def test_only_its_owner_may_use_it(tmp_path: Path, hub: Hub) -> None:
    assert stat.S_IMODE((tmp_path / "bus").stat().st_mode) == 0o600


async def test_a_socket_left_behind_is_replaced_and_a_living_one_is_not(tmp_path: Path, hub: Hub) -> None:
    with pytest.raises(OperatorError, match="already runs"):
        await Hub(tmp_path / "bus").start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as left:
        left.bind(str(tmp_path / "left"))
    again = Hub(tmp_path / "left")
    await again.start()
    await again.close()
    assert not (tmp_path / "left").exists()


async def test_a_path_that_cannot_be_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "bus", tmp_path / ("x" * 200)):
        with pytest.raises(OperatorError, match="name another path"):
            await Hub(path).start()


def test_a_frame_is_the_kernels() -> None:
    assert pack_frame(0x351, b"\1\2").hex() == "51030000" + "02000000" + "0102000000000000"
    assert FRAME.size == 16
    with pytest.raises(ValueError, match="at most 8"):
        pack_frame(0x351, bytes(9))
