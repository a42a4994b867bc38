"""The master of a SCOM gateway against the simulated one: what it asks, believes, repeats and refuses."""

from __future__ import annotations

import asyncio
import math
import os
import pty
import tty

import pytest
from tests.support.studer_port import INFOS, Bench

from stallaini.clock import SystemClock
from stallaini.devices.ports.opening import open_port
from stallaini.devices.studer.asker import Part, StuderAsker, StuderRefused, StuderSilent
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.frame import Frame, encode_frame
from stallaini.devices.studer.master import DOUBTED_READS, ScomMaster
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import UnknownObject
from stallaini.devices.studer.port import PortLost
from stallaini.devices.studer.service import ObjectType, Property, decode_request, encode_answer

WRITE = 2


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_infos_and_parameters_are_read(bench: Bench) -> None:
    asker: StuderAsker = bench.master
    assert await asker.read_info(101, 3000) == 53.25
    assert await asker.read_info(101, 3031) == 1.0
    assert await asker.read_parameter(101, 1202) == 1.0
    assert await asker.read_parameter(101, 1107, Part.MIN) == 2.0
    assert await asker.read_parameter(101, 1107, Part.MAX) == 50.0
    bench.plant.infos[101][3000] = math.nan
    assert math.isnan(await asker.read_info(101, 3000))


async def test_a_write_goes_to_ram_and_a_read_of_the_parameter_does_not_see_it(bench: Bench) -> None:
    await bench.master.write_unsaved(101, 1202, 4)
    assert bench.plant.effective(101, 1202) == 4
    assert await bench.master.read_parameter(101, 1202) == 1
    bench.plant.restart(101)
    assert bench.plant.effective(101, 1202) == 1
    assert [(r.service_id, r.property_id) for r in bench.port.sent] == [
        (WRITE, Property.UNSAVED),
        (1, Property.VALUE),
    ]


async def test_a_group_takes_a_write_and_refuses_a_read(bench: Bench) -> None:
    await bench.master.write_unsaved(100, 1202, 8)
    assert bench.plant.effective(101, 1202) == 8
    with pytest.raises(StuderRefused) as refused:
        await bench.master.read_info(100, 3000)
    assert refused.value.error is ScomError.MULTICAST_READ_NOT_SUPPORTED


async def test_what_the_table_does_not_know_is_not_asked(bench: Bench) -> None:
    with pytest.raises(UnknownObject):
        await bench.master.read_info(101, 9999)
    with pytest.raises(UnknownObject):
        await bench.master.write_unsaved(42, 1202, 1)
    with pytest.raises(ValueError, match="format"):
        await bench.master.write_unsaved(101, 1202, 1.5)
    assert not bench.port.sent


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda master: master.read_info(102, 3000), ScomError.DEVICE_NOT_FOUND),
        (lambda master: master.read_info(101, 3001), ScomError.OBJECT_ID_NOT_FOUND),
        (lambda master: master.write_unsaved(101, 1107, 60), ScomError.DATA_TOO_BIG),
        (lambda master: master.write_unsaved(101, 1107, 1), ScomError.DATA_TOO_SMALL),
    ],
)
async def test_a_refusal_that_stands_is_not_asked_again(bench: Bench, ask: object, error: ScomError) -> None:
    with pytest.raises(StuderRefused) as refused:
        await ask(bench.master)  # type: ignore[operator]
    assert refused.value.error is error
    assert len(bench.port.sent) == 1


async def test_a_silent_gateway_is_asked_three_times(bench: Bench) -> None:
    bench.gateway.faults.mute = True
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3000)
    assert bench.port.sent_at_s == [0.0, 2.0, 4.0]


async def test_a_busy_gateway_is_given_time(bench: Bench) -> None:
    bench.gateway.faults.busy_until_s = bench.clock.wall_s() + 5
    assert await bench.master.read_info(101, 3000) == 53.25
    assert bench.port.sent_at_s == [0.0, 1.0, 3.0, 7.0]


async def test_a_gateway_that_stays_busy_is_refusing(bench: Bench) -> None:
    bench.gateway.faults.busy_until_s = math.inf
    with pytest.raises(StuderRefused) as refused:
        await bench.master.read_info(101, 3000)
    assert refused.value.error is ScomError.GATEWAY_BUSY
    assert len(bench.port.sent) == 5


async def test_a_lost_port_is_told(bench: Bench) -> None:
    bench.port.lost = True
    with pytest.raises(PortLost):
        await bench.master.read_info(101, 3000)


@pytest.mark.parametrize(("before", "after"), [(b"\xff", b""), (b"", b"\r\n"), (b"\xff\xff", b"\r\n\r\n")])
async def test_stray_bytes_between_frames_harm_nothing(bench: Bench, before: bytes, after: bytes) -> None:
    bench.gateway.faults.before, bench.gateway.faults.after = before, after
    for _ in range(3):
        assert await bench.master.read_info(101, 3000) == 53.25
    assert len(bench.port.sent) == 3


async def test_garbage_makes_the_master_ask_twice_for_a_while(bench: Bench) -> None:
    bench.gateway.faults.before = b"\xaa\x00garbage"
    assert await bench.master.read_info(101, 3000) == 53.25
    bench.gateway.faults.before = b""
    assert len(bench.port.sent) == 2
    for _ in range(DOUBTED_READS + 4):
        assert await bench.master.read_info(101, 3000) == 53.25
    assert len(bench.port.sent) == 2 + 2 * DOUBTED_READS + 4


async def test_only_an_answer_to_this_question_is_believed(bench: Bench) -> None:
    """Another source, destination, service, type, number, property, length: none of them is delivered."""
    true = encode_answer(decode_request(bytes.fromhex("00010100b80b00000100")), bytes.fromhex("00004842"))
    wrong = [
        Frame(0, 102, 1, true),
        Frame(0, 101, 2, true),
        *(Frame(0, 101, 1, bytes(b ^ (i == at) for i, b in enumerate(true))) for at in range(10)),
        Frame(0, 101, 1, true[:-1]),
        Frame(0, 101, 1, true + b"\0"),
        Frame(0, 101, 1, true[:-2]),
    ]
    for frame in wrong:
        bench.port.respond = lambda _, frame=frame: encode_frame(frame)  # type: ignore[misc]
        with pytest.raises((StuderSilent, StuderRefused)):
            await bench.master.read_info(101, 3000)
    bench.port.respond = lambda _: encode_frame(Frame(0, 101, 1, true))
    assert await bench.master.read_info(101, 3000) == 50.0


async def test_a_late_answer_is_not_taken_for_the_next_one(bench: Bench) -> None:
    bench.gateway.faults.late = 3
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3000)
    assert await bench.master.read_info(101, 3136) == 1.5  # the three late ones come first
    assert await bench.master.read_info(101, 3136) == 1.5


async def test_an_answer_that_came_too_late_is_thrown_away_before_the_same_is_asked_again(
    bench: Bench,
) -> None:
    bench.gateway.faults.late = 3
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3000)
    bench.port.put(bench.gateway.release())
    bench.plant.infos[101][3000] = 48.0
    assert await bench.master.read_info(101, 3000) == 48.0


async def test_a_write_waits_until_no_answer_is_owed(bench: Bench) -> None:
    """A read's late answer must not be taken for what a read after the write sees."""
    bench.gateway.faults.late = 3
    with pytest.raises(StuderSilent):
        await bench.master.read_info(101, 3031)
    bench.port.put(bench.gateway.release(), after_s=3.0)
    await bench.master.write_unsaved(101, 1202, 8)
    bench.plant.infos[101][3031] = 0.0
    assert await bench.master.read_info(101, 3031) == 0.0
    assert bench.port.sent_at_s[3] == 9.0  # 3 s after the read gave up, when the late ones had come


async def test_a_write_after_lost_answers_waits_as_long_as_they_could_come(bench: Bench) -> None:
    bench.gateway.faults.mute = True
    with pytest.raises(StuderSilent):
        await bench.master.write_unsaved(101, 1202, 4)
    bench.gateway.faults.mute = False
    await bench.master.write_unsaved(101, 1202, 8)
    assert bench.port.sent_at_s == [0.0, 2.0, 4.0, 10.0]


async def test_a_read_that_was_cancelled_is_owed_too(bench: Bench) -> None:
    bench.gateway.faults.late = 1
    asking = asyncio.create_task(bench.master.read_info(101, 3031))

    async def never(timeout_s: float) -> bytes:
        if timeout_s:
            await asyncio.Event().wait()
        return b""

    receive = bench.port.receive
    bench.port.receive = never  # type: ignore[method-assign]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    bench.port.receive = receive  # type: ignore[method-assign]
    await bench.master.write_unsaved(101, 1202, 4)
    assert bench.port.sent_at_s == [0.0, 6.0]


async def test_many_askers_are_served_one_after_the_other(bench: Bench) -> None:
    async def ask(nr: int) -> float:
        return await bench.master.read_info(101, nr)

    numbers = [3000, 3031, 3028, 3136] * 5
    assert await asyncio.gather(*map(ask, numbers)) == [INFOS[101][nr] for nr in numbers]


EVERYTHING = [(address, nr) for address, infos in INFOS.items() for nr in infos]


async def test_many_infos_come_in_one_exchange(bench: Bench) -> None:
    found = await bench.master.read_many(EVERYTHING)
    assert found == {(address, nr): INFOS[address][nr] for address, nr in EVERYTHING}
    assert [r.object_type for r in bench.port.sent] == [ObjectType.MULTI_INFO]


async def test_more_than_fit_come_in_several(bench: Bench) -> None:
    found = await bench.master.read_many([(101, 3000)] * 31 + [(301, 11000), (601, 7002)])
    assert found == {(101, 3000): 53.25, (301, 11000): 53.5, (601, 7002): 87.5}
    assert len(bench.port.sent) == 2


@pytest.mark.parametrize("mute", [False, True])
async def test_a_gateway_without_multi_info_is_asked_singly_for_good(mute: bool) -> None:
    bench = Bench(multi_info=False)
    if mute:
        bench.port.respond = lambda data: b"" if len(data) > 26 else bench.gateway.feed(data)
    found = await bench.master.read_many(EVERYTHING)
    assert found == {(address, nr): INFOS[address][nr] for address, nr in EVERYTHING}
    bench.port.sent.clear()
    await bench.master.read_many(EVERYTHING)
    assert {r.object_type for r in bench.port.sent} == {ObjectType.INFO}
    assert len(bench.port.sent) == len(EVERYTHING)


async def test_what_is_refused_among_many_is_left_out(bench: Bench) -> None:
    found = await bench.master.read_many([(101, 3000), (102, 3000), (701, 15000)])
    assert found[101, 3000] == 53.25
    assert math.isnan(found[102, 3000])
    assert (701, 15000) not in found


async def test_messages_are_told_by_a_flag_and_read_newest_first(bench: Bench) -> None:
    await bench.master.read_info(101, 3000)
    assert not bench.master.message_pending
    first, second = StoredMessage(0, 101, 1000, 0), StoredMessage(207, 101, 2000, 7)
    bench.plant.stored[:0] = [second, first]
    await bench.master.read_info(101, 3000)
    assert bench.master.message_pending
    assert await bench.master.read_message(0) == second
    assert not bench.master.message_pending
    bench.plant.stored.insert(0, StoredMessage(208, 101, 3000, 8))
    assert await bench.master.read_message(1) == first  # the order is that of the last read of index 0
    assert bench.master.message_pending
    assert bench.master.stored_messages == 2
    with pytest.raises(StuderRefused):
        await bench.master.read_message(2)


async def test_a_message_read_over_a_bad_line_is_read_twice(bench: Bench) -> None:
    stored = StoredMessage(207, 101, 2000, 7)
    bench.plant.stored.append(stored)
    bench.gateway.faults.before = b"\xaagarbage"
    assert await bench.master.read_message(0) == stored
    assert len(bench.port.sent) == 2


async def test_a_gateway_is_asked_over_a_real_serial_line(bench: Bench) -> None:
    """The other end writes its answers byte by byte, between stray bytes."""
    other, line = pty.openpty()
    tty.setraw(other)
    bench.gateway.faults.before, bench.gateway.faults.after = b"\xff", b"\r\n"

    def take() -> None:
        for byte in bench.gateway.feed(os.read(other, 1000)):
            os.write(other, bytes([byte]))

    asyncio.get_running_loop().add_reader(other, take)
    port = await open_port(f"serial:{os.ttyname(line)}@38400", "E")
    master = ScomMaster(port, SystemClock())
    for _ in range(20):
        assert await master.read_many(EVERYTHING) == {each: INFOS[each[0]][each[1]] for each in EVERYTHING}
    await master.write_unsaved(101, 1202, 4)
    assert bench.plant.effective(101, 1202) == 4
    asyncio.get_running_loop().remove_reader(other)
    port.close()
    with pytest.raises(PortLost):
        await master.read_info(101, 3000)
    for handle in (other, line):
        os.close(handle)
