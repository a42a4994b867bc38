"""The master of an Xcom-CAN against the simulated one, on a bus that a battery shares."""

from __future__ import annotations

import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.studer_port import INFOS, MIDNIGHT_S

from stallaini.clock import VirtualClock
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.studer.asker import Part, StuderAsker, StuderRefused, StuderSilent
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.can_public import CanPart, decode_request
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.simulator import CanNode, MemoryPlant

BATTERY = [(0x351, bytes(8)), (0x355, bytes(4)), (0x356, bytes(6))]


class InProcessBus:
    """Battery frames before and after each answer; a time-out costs virtual seconds only."""

    def __init__(self, node: CanNode, clock: VirtualClock) -> None:
        self.node = node
        self.clock = clock
        self.sent: list[tuple[float, int, bytes]] = []
        self.coming: deque[tuple[float, Frame]] = deque()

    async def send(self, can_id: int, data: bytes) -> None:
        self.sent.append((round(self.clock.monotonic_s(), 6), can_id, data))
        for battery_id, battery_data in BATTERY:
            self.put(battery_id, battery_data, extended=False)
        for answer_id, answer_data in self.node.answer(can_id, data):
            self.put(answer_id, answer_data)
        self.put(*BATTERY[0], extended=False)

    def put(self, can_id: int, data: bytes, *, extended: bool = True, after_s: float = 0.0) -> None:
        self.coming.append((self.clock.monotonic_s() + after_s, Frame(can_id, data, 0.0, extended=extended)))

    async def receive(self, timeout_s: float) -> Frame | None:
        if not self.coming or self.coming[0][0] > self.clock.monotonic_s() + timeout_s:
            self.clock.advance(timeout_s)
            return None
        at_s, frame = self.coming.popleft()
        self.clock.advance(max(0.0, at_s - self.clock.monotonic_s()))
        return frame


class CanBench:
    def __init__(self) -> None:
        self.clock = VirtualClock(MIDNIGHT_S)
        self.plant = MemoryPlant(INFOS)
        self.node = CanNode(self.plant)
        self.bus = InProcessBus(self.node, self.clock)
        self.told: list[StoredMessage] = []
        self.master = CanMaster(self.bus, self.clock, on_message=self.told.append)


@pytest.fixture
def bench() -> CanBench:
    return CanBench()


async def test_infos_and_parameters_are_read(bench: CanBench) -> None:
    asker: StuderAsker = bench.master
    assert await asker.read_info(101, 3000) == 53.25
    assert await asker.read_parameter(101, 1202) == 1
    assert await asker.read_parameter(101, 1107, Part.MIN) == 2
    assert await asker.read_parameter(101, 1107, Part.MAX) == 50
    everything = [(address, nr) for address, infos in INFOS.items() for nr in infos]
    found = await bench.master.read_many([*everything, (101, 3001)])
    assert found == {(address, nr): INFOS[address][nr] for address, nr in everything}


async def test_a_write_goes_to_ram_only(bench: CanBench) -> None:
    await bench.master.write_unsaved(101, 1202, 4)
    assert bench.plant.effective(101, 1202) == 4
    assert await bench.master.read_parameter(101, 1202) == 1
    _, can_id, data = bench.bus.sent[0]
    assert decode_request(can_id, data).part == CanPart.RAM


async def test_requests_keep_their_distance(bench: CanBench) -> None:
    for _ in range(4):
        await bench.master.read_info(101, 3000)
    assert [at_s for at_s, _, _ in bench.bus.sent] == pytest.approx([0.0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("address", "nr", "value", "error"),
    [
        (102, 1202, 4, ScomError.DEVICE_NOT_FOUND),
        (101, 1107, 60, ScomError.DATA_TOO_BIG),
        (101, 1107, 1, ScomError.DATA_TOO_SMALL),
    ],
)
async def test_a_write_that_is_refused_raises(
    bench: CanBench, address: int, nr: int, value: float, error: ScomError
) -> None:
    with pytest.raises(StuderRefused) as refused:
        await bench.master.write_unsaved(address, nr, value)
    assert refused.value.error is error
    assert len(bench.bus.sent) == 1


async def test_what_no_frame_can_carry_is_not_sent(bench: CanBench) -> None:
    for nr, value in ((1202, 1.5), (1107, math.nan), (1107, math.inf)):
        with pytest.raises(ValueError, match=r"format|setting"):
            await bench.master.write_unsaved(101, nr, value)
    with pytest.raises(ValueError, match="exactly"):
        await bench.master.write_unsaved(501, 5002, 1_750_000_001)
    assert not bench.bus.sent


async def test_a_busy_and_a_silent_gateway(bench: CanBench) -> None:
    bench.node.busy = True
    with pytest.raises(StuderRefused):
        await bench.master.read_info(101, 3000)
    assert [at_s for at_s, _, _ in bench.bus.sent] == pytest.approx([0, 1, 3, 7, 15])
    bench.bus.sent.clear()
    bench.node.mute = True
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3000)
    assert len(bench.bus.sent) == 3


async def test_only_an_exact_answer_is_believed(bench: CanBench) -> None:
    """Another device, destination, service, object, part, length; the same bits in an 11-bit frame."""
    answer_id, answer = 0x0008CA40, bytes.fromhex("04b20040800000")  # 101 to 1: 1202 = 4
    wrong = [
        (answer_id ^ 1 << 9, answer),
        (answer_id ^ 1 << 19, answer),
        (answer_id ^ 1 << 6, answer),
        (answer_id, b"\x04\xb3" + answer[2:]),
        (answer_id, answer[:2] + b"\x01" + answer[3:]),
        (answer_id, answer[:-1]),
        (answer_id, answer + b"\0"),
    ]
    bench.node.mute = True
    for can_id, data in wrong:
        bench.bus.put(can_id, data, after_s=0.5)
        with pytest.raises(StuderSilent):
            await bench.master.read_parameter(101, 1202)
    bench.bus.put(answer_id, answer, extended=False, after_s=0.5)
    with pytest.raises(StuderSilent):
        await bench.master.read_parameter(101, 1202)
    bench.bus.put(answer_id, answer, after_s=0.5)
    assert await bench.master.read_parameter(101, 1202) == 4


async def test_an_acknowledgement_of_another_value_is_none(bench: CanBench) -> None:
    bench.node.mute = True
    bench.bus.put(0x0008CA80, bytes.fromhex("04b20440800000"), after_s=0.5)  # of 4
    with pytest.raises(StuderSilent):
        await bench.master.write_unsaved(101, 1202, 8)


async def test_a_late_answer_is_thrown_away(bench: CanBench) -> None:
    bench.node.mute = True
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3000)
    bench.node.mute = False
    bench.bus.put(0x0008CA00, bytes.fromhex("0bb800000000"))
    assert await bench.master.read_info(101, 3000) == 53.25


async def test_a_write_waits_until_no_answer_is_owed(bench: CanBench) -> None:
    bench.node.mute = True
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3031)
    bench.node.mute = False
    await bench.master.write_unsaved(101, 1202, 4)
    assert [at_s for at_s, _, _ in bench.bus.sent] == pytest.approx([0, 1, 2, 5])


async def test_messages_are_handed_on(bench: CanBench) -> None:
    bench.bus.put(*bench.node.message(StoredMessage(207, 101, None, 7)))
    assert await bench.master.read_info(101, 3000) == 53.25
    assert bench.told == [StoredMessage(207, 101, None, 7)]


@given(st.lists(st.tuples(st.integers(0, 2**29 - 1), st.binary(max_size=8))))
def test_the_simulated_gateway_bears_any_frame(frames: list[tuple[int, bytes]]) -> None:
    node = CanNode(MemoryPlant(INFOS))
    for can_id, data in frames:
        assert len(node.answer(can_id, data)) <= 1
