"""The simulated stack: what it says is what is read, byte for byte as recorded; it refuses the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.devices.pylontech_rs485.test_decode import ANSWERS, captured
from tests.devices.pylontech_rs485.test_frame import summed, vectors

from stallaini.devices.pylontech_rs485.decode import decode_answer, fitting
from stallaini.devices.pylontech_rs485.frame import (
    Command,
    FrameReader,
    ReturnCode,
    encode_answer,
    encode_request,
    parse_frame,
)
from stallaini.devices.pylontech_rs485.simulator import GROUP, ModuleSaid, Rs485Pack
from stallaini.devices.pylontech_rs485.values import (
    Alarms,
    AnalogValues,
    Answered,
    Limit,
    Maker,
    Management,
    ModuleValues,
    Serial,
    Software,
)

MODULE = ModuleSaid(15 * (3.31,), (25.0, 21.0, 21.5, 20.5, 22.0), -12.5, 61.25, serial="PPTBH02400710243")


def tenths(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 10), round(high * 10)).map(lambda steps: steps / 10)


def thousandths(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 1000), round(high * 1000)).map(lambda steps: steps / 1000)


LIMITS = st.sampled_from(Limit)


@st.composite
def modules(draw: st.DrawFn) -> ModuleSaid:
    cells, temperatures = draw(st.integers(1, 16)), draw(st.integers(1, 8))
    total_ah = draw(thousandths(0, 500))
    return ModuleSaid(
        cell_voltages_v=tuple(draw(thousandths(-1, 4)) for _ in range(cells)),
        temperatures_c=tuple(draw(tenths(-40, 120)) for _ in range(temperatures)),
        current_a=draw(tenths(-300, 300)),
        remaining_ah=draw(thousandths(0, total_ah)),
        total_ah=total_ah,
        cycles=draw(st.integers(0, 65_535)),
        voltage_v=draw(thousandths(0, 65)),
        cell_limits=tuple(draw(LIMITS) for _ in range(cells)),
        temperature_limits=tuple(draw(LIMITS) for _ in range(temperatures)),
        charge_current_limit=draw(LIMITS),
        voltage_limit=draw(LIMITS),
        discharge_current_limit=draw(LIMITS),
        status=draw(st.binary(min_size=6, max_size=6)),
        charge_voltage_limit_v=draw(thousandths(0, 60)),
        discharge_voltage_limit_v=draw(thousandths(0, 60)),
        charge_current_limit_a=draw(tenths(0, 300)),
        discharge_current_limit_a=draw(tenths(0, 300)),
        management_status=draw(st.integers(0, 255)),
        serial=draw(st.text("0123456789ABCDEF", max_size=16)),
    )


def ask(pack: Rs485Pack, command: Command, address: int, info: bytes) -> Answered:
    (frame,) = FrameReader().feed(pack.feed(encode_request(command, address, info)))
    assert frame.address == address
    return decode_answer(command, frame)


@settings(max_examples=30)
@given(st.lists(modules(), min_size=1, max_size=4))
def test_what_modules_say_is_what_is_read(stack: list[ModuleSaid]) -> None:
    pack = Rs485Pack(lambda: stack)
    analog = ask(pack, Command.ANALOG, 2, bytes([GROUP]))
    assert isinstance(analog, AnalogValues)
    assert analog.modules == tuple(
        ModuleValues(
            said.cell_voltages_v,
            said.temperatures_c,
            said.current_a,
            said.voltage_v or 0.0,
            said.remaining_ah,
            said.total_ah,
            said.cycles,
        )
        for said in stack
    )
    for index, said in enumerate(stack):
        scope = bytes([2 + index])
        one = ask(pack, Command.ANALOG, 2 + index, scope)
        assert isinstance(one, AnalogValues)
        assert one.modules == (analog.modules[index],)
        alarms = ask(pack, Command.ALARMS, 2 + index, scope)
        assert isinstance(alarms, Alarms)
        assert alarms.modules[0].cells == said.cell_limits
        assert alarms.modules[0].temperatures == said.temperature_limits
        assert alarms.modules[0].status == said.status
        assert ask(pack, Command.MANAGEMENT, 2 + index, scope) == Management(
            2 + index,
            said.charge_voltage_limit_v,
            said.discharge_voltage_limit_v,
            said.charge_current_limit_a,
            -said.discharge_current_limit_a,
            said.management_status,
        )
        assert ask(pack, Command.SERIAL, 2 + index, scope) == Serial(2 + index, said.serial)
        assert ask(pack, Command.SOFTWARE, 2 + index, scope) == Software(2 + index, (1, 3), (1, 3, 8))
        assert ask(pack, Command.MAKER, 2 + index, b"") == Maker("US5000", (1, 3), "Pylon")
        assert ask(pack, Command.PARAMETERS, 2 + index, b"") == said.limits


def test_alarms_of_the_whole_group() -> None:
    troubled = ModuleSaid(15 * (3.6,), (25.0,), 0, 99, cell_limits=(Limit.ABOVE,), status=bytes(6))
    alarms = ask(Rs485Pack(lambda: [MODULE, troubled]), Command.ALARMS, 2, bytes([GROUP]))
    assert isinstance(alarms, Alarms)
    assert (alarms.scope, len(alarms.modules)) == (2, 2)
    assert alarms.modules[1].cells == (Limit.ABOVE, *(14 * [Limit.NORMAL]))


def said_of(values: ModuleValues) -> ModuleSaid:
    return ModuleSaid(
        values.cell_voltages_v,
        values.temperatures_c,
        values.current_a,
        values.remaining_ah,
        values.total_ah,
        values.cycles,
        values.voltage_v,
    )


@pytest.mark.parametrize("index", [2, 7])
def test_recorded_answers_come_out_byte_for_byte(index: int) -> None:
    frame = ANSWERS[index]
    values = fitting(frame)[Command.ANALOG]
    assert isinstance(values, AnalogValues)
    stack = (frame.address - 1) * [said_of(values.modules[0])]
    answer = Rs485Pack(lambda: stack).feed(
        encode_request(Command.ANALOG, frame.address, bytes([frame.address]))
    )
    assert answer == encode_answer(frame.address, ReturnCode.OK, frame.info)


@pytest.mark.recordings
def test_the_capture_comes_out_byte_for_byte(shared_data: Path) -> None:
    stack: list[ModuleSaid] = []
    pack = Rs485Pack(lambda: stack)
    frames = list(captured(shared_data))
    for request, answer in zip(frames[::2], frames[1::2], strict=True):
        values = decode_answer(Command.ANALOG, answer)
        assert isinstance(values, AnalogValues)
        stack[:] = [said_of(module) for module in values.modules]
        said = pack.feed(encode_request(Command(request.code), request.address, request.info))
        assert said == encode_answer(answer.address, ReturnCode.OK, answer.info)


def test_recorded_requests_are_answered() -> None:
    pack = Rs485Pack(lambda: [MODULE, MODULE])
    for text in vectors():
        frame = parse_frame(text.encode())
        if not frame.is_answer:
            (answer,) = FrameReader().feed(pack.feed(text.encode() + b"\r"))
            assert decode_answer(Command(frame.code), answer)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"~20024642E002FFFD0A", 0x02),
        (summed("20024642D00202"), 0x03),
        (summed("20024694E00202"), 0x04),
        (summed("20024695E00202"), 0x04),
        (summed("200246420000"), 0x05),
        (summed("20024642E00205"), 0x06),
        (summed("20024692E002FF"), 0x06),
    ],
)
def test_what_it_does_not_do_is_refused(text: bytes, code: int) -> None:
    (answer,) = FrameReader().feed(Rs485Pack(lambda: [MODULE]).feed(text + b"\r"))
    assert (answer.address, answer.code, answer.info) == (2, code, b"")


def test_an_address_that_is_not_there_gets_no_answer() -> None:
    pack = Rs485Pack(lambda: [MODULE, MODULE])
    assert pack.feed(encode_request(Command.ANALOG, 4, b"\x04")) == b""
    assert pack.feed(encode_answer(2, ReturnCode.OK)) == b""
    assert pack.feed(b"~noise\r") == b""
    assert pack.swallowed == 3
    assert Rs485Pack(lambda: [MODULE], group=1).feed(encode_request(Command.ANALOG, 0x12, b"\x12"))


def test_what_does_not_fit_its_bytes_is_told() -> None:
    pack = Rs485Pack(lambda: [MODULE, ModuleSaid((3.3,), (20.0,), 5000.0, 10)])
    with pytest.raises(ValueError, match="module 2 says"):
        pack.feed(encode_request(Command.ANALOG, 3, b"\x03"))
