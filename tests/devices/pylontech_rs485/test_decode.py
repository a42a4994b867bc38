"""Answers: the recorded ones say what their source says, and an answer alone may say too little."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devices.pylontech_rs485.test_frame import vectors

from stallaini.devices.pylontech_rs485.decode import decode_answer, fitting
from stallaini.devices.pylontech_rs485.frame import (
    Command,
    Frame,
    ReturnCode,
    encode_answer,
    parse_frame,
)
from stallaini.devices.pylontech_rs485.values import (
    Alarms,
    AnalogValues,
    Limit,
    Maker,
    Management,
    Parameters,
    Protocol,
    Serial,
    Software,
)

ANSWERS = [frame for frame in (parse_frame(text.encode()) for text in vectors()) if frame.is_answer]
OK = (Limit.NORMAL,)


def only(frame: Frame) -> object:
    (said,) = fitting(frame).values()
    return said


def test_the_recorded_answers_in_their_order() -> None:
    assert [next(iter(fitting(frame))) for frame in ANSWERS] == [
        Command.PROTOCOL, Command.MAKER, Command.ANALOG, Command.PARAMETERS, Command.ALARMS,
        Command.MANAGEMENT, Command.SOFTWARE, Command.ANALOG, Command.MANAGEMENT, Command.ALARMS,
    ]  # fmt: skip


def test_protocol_maker_and_software() -> None:
    assert only(ANSWERS[0]) == Protocol(2, 0)
    assert only(ANSWERS[1]) == Maker("US2KBPL", (2, 3), "Pylon")
    assert only(ANSWERS[6]) == Software(2, (2, 3), (0, 6, 5))


def test_analog_values_of_a_small_module() -> None:
    said = only(ANSWERS[2])
    assert isinstance(said, AnalogValues)
    (module,) = said.modules
    assert (said.flag, said.scope, len(module.cell_voltages_v)) == (0, 2, 15)
    assert (min(module.cell_voltages_v), max(module.cell_voltages_v)) == (3.359, 3.362)
    assert module.temperatures_c == (29.0, 26.0, 26.0, 26.0, 26.0)
    assert (module.current_a, module.voltage_v, module.cycles) == (2.1, 50.408, 79)
    assert (module.remaining_ah, module.total_ah) == (35.5, 50.0)


def test_analog_values_of_a_module_above_65_ah() -> None:
    said = only(ANSWERS[7])
    assert isinstance(said, AnalogValues)
    (module,) = said.modules
    assert (said.scope, module.current_a, module.voltage_v) == (3, 19.1, 50.205)
    assert (min(module.cell_voltages_v), max(module.cell_voltages_v)) == (3.346, 3.348)
    assert (module.remaining_ah, module.total_ah, module.cycles) == (94.905, 100.0, 17)


def test_parameters_and_management() -> None:
    assert only(ANSWERS[3]) == Parameters(
        0x11, 3.65, 3.05, 2.9, 61.0, -11.0, 102.0, 54.0, 46.0, 44.5, 61.0, -11.0, -100.0
    )
    small, large = only(ANSWERS[5]), only(ANSWERS[8])
    assert small == Management(2, 53.25, 47.0, 25.0, -25.0, 0xC0)
    assert large == Management(2, 53.25, 45.0, 20.0, -50.0, 0xC0)
    assert isinstance(small, Management)
    assert small.requests == {
        "charge_enabled": True,
        "discharge_enabled": True,
        "force_charge_1": False,
        "force_charge_2": False,
        "full_charge_requested": False,
    }


@pytest.mark.parametrize(("frame", "status"), [(ANSWERS[4], "000E800000"), (ANSWERS[9], "000E80000000")])
def test_alarms_with_five_status_bytes_and_with_six(frame: Frame, status: str) -> None:
    said = only(frame)
    assert isinstance(said, Alarms)
    (module,) = said.modules
    assert (module.cells, module.temperatures) == (15 * OK, 5 * OK)
    assert module.status == bytes.fromhex(status)
    assert module.switches == {"charge_mosfet", "discharge_mosfet", "module_power"}
    assert module.states == {"charge_current"}
    assert not module.protections
    assert not module.faulty_cells


def test_alarms_that_stand() -> None:
    info = bytes.fromhex(
        "0002 0F 02 01 F0 07" + 11 * "00" + "05 0001000000 02 00 01 86 06 09 01 40".replace(" ", "")
    )
    said = decode_answer(Command.ALARMS, Frame(0x20, 2, 0, info))
    assert isinstance(said, Alarms)
    (module,) = said.modules
    assert module.cells[:5] == (Limit.ABOVE, Limit.BELOW, Limit.OTHER, Limit.OTHER, Limit.NORMAL)
    assert module.temperatures[1] == Limit.BELOW
    assert (module.charge_current, module.voltage, module.discharge_current) == (
        Limit.ABOVE,
        Limit.NORMAL,
        Limit.BELOW,
    )
    assert module.protections == {"cell_under_voltage", "charge_over_current", "under_voltage"}
    assert module.switches == {"charge_mosfet", "discharge_mosfet"}
    assert module.states == {"buzzer", "full"}
    assert module.faulty_cells == (1, 15)


def test_a_serial_number() -> None:
    info = b"\x03" + b"HPTBH02240A01234"
    assert only(Frame(0x20, 3, 0, info)) == Serial(3, "HPTBH02240A01234")


def test_a_refusal_answers_nothing() -> None:
    refusal = parse_frame(encode_answer(2, ReturnCode.COMMAND)[:-1])
    assert fitting(refusal) == {}
    with pytest.raises(ValueError, match="return code 04"):
        decode_answer(Command.ANALOG, refusal)


@pytest.mark.parametrize(
    ("command", "info", "reason"),
    [
        (Command.ANALOG, "", "ends early"),
        (Command.ANALOG, "0002", "ends early"),
        (Command.ANALOG, "000200", "0 cells"),
        (Command.ANALOG, "0002FF", "255 cells"),
        (Command.ANALOG, "0002010D1F010BCD0015C4E88AAC03C350004F", "3 user items"),
        (Command.ANALOG, "0003" + 2 * "010D1F010BCD0015C4E88AAC02C350004F", "2 modules follow where 3"),
        (Command.ALARMS, "0002", "five or six status bytes"),
        (Command.PARAMETERS, "11", "ends early"),
        (Command.MANAGEMENT, "02", "ends early"),
        (Command.SERIAL, "02", "17 bytes"),
        (Command.SERIAL, "02" + 16 * "E4", "no text"),
        (Command.SOFTWARE, "02", "6 bytes"),
        (Command.MAKER, "02", "ends early"),
        (Command.PROTOCOL, "02", "without INFO"),
    ],
)
def test_what_is_no_answer(command: Command, info: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_answer(command, Frame(0x20, 2, 0, bytes.fromhex(info)))


def captured(shared_data: Path) -> Iterator[Frame]:
    with gzip.open(shared_data / "can/rs485/pylontech_us2000_2modules_1600s.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            yield parse_frame(row["frame_ascii"].encode())


@pytest.mark.recordings
def test_the_whole_capture_decodes(shared_data: Path) -> None:
    frames = list(captured(shared_data))
    requests, answers = frames[::2], frames[1::2]
    assert len(frames) == 1568
    assert set(requests) == {Frame(0x20, 2, Command.ANALOG, b"\xff")}
    currents_a, voltages_v = set(), set()
    for frame in answers:
        said = only(frame)
        assert isinstance(said, AnalogValues)
        assert [len(module.cell_voltages_v) for module in said.modules] == [15, 15]
        for module in said.modules:
            assert round(sum(module.cell_voltages_v), 3) == module.voltage_v
            assert all(3.2 < voltage_v < 3.4 for voltage_v in module.cell_voltages_v)
            assert all(20 < temperature_c < 35 for temperature_c in module.temperatures_c)
            assert 0 < module.remaining_ah <= module.total_ah == 50.0
        currents_a.add(said.modules[0].current_a)
        voltages_v.add(said.modules[0].voltage_v)
    assert (min(currents_a), max(currents_a)) == (-2.9, 5.6)
    assert (min(voltages_v), max(voltages_v)) == (49.561, 49.911)
