"""A recorded day on the bus again: true to the log, and patient with whoever listens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.support.can_listener import Heard, listening
from tests.support.datalogs import datalog, minutes

from stallaini.cli import main
from stallaini.clock import SharedClock, SystemClock, VirtualClock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.studer_rcc.battery import charge_ah
from stallaini.devices.studer_rcc.datalog import parse_datalog
from stallaini.errors import OperatorError
from stallaini.ops.replay import start_wall_s
from stallaini.ops.replayer import Diffuser, Pace, Replay
from stallaini.twin.wires.wire import wire_of

START_S = 1_467_590_400.0  # 2016-07-04 00:00 UTC


class DecodingWire:
    """A wire whose other end decodes at once; `burst` counts the bursts since the minute began."""

    def __init__(self) -> None:
        self.battery = CanBattery("battery", "auto")
        self.heard_values: dict[str, list[float]] = {}
        self._at_s = 0.0

    async def start(self) -> None: ...

    async def send(self, can_id: int, data: bytes) -> None:
        self._at_s += 0.7
        for reading in self.battery.feed(Frame(can_id, data, self._at_s)):
            if reading.value is not None:
                self.heard_values.setdefault(reading.channel, []).append(float(reading.value))

    async def listening(self) -> None: ...

    def heard(self) -> bool:
        return True

    async def drained(self) -> None: ...

    async def close(self) -> None: ...


def unbounded() -> Pace:
    return Pace(SystemClock(), speed=0)


@pytest.fixture
def clock(tmp_path: Path) -> SharedClock:
    return SharedClock.create(tmp_path / "clock", START_S)


@pytest.fixture
def bus(tmp_path: Path) -> str:
    return str(tmp_path / "can0")


def shared(data: bytes, bus: str, clock: SharedClock) -> Replay:
    return Replay(parse_datalog(data), wire_of(f"simbus:{bus}"), Pace(SystemClock(), 0, clock))


async def test_each_minute_is_heard_within_that_minute_and_its_mean_is_the_log_s(
    bus: str, clock: SharedClock
) -> None:
    playing = asyncio.create_task(shared(minutes(5), bus, clock).run())
    async with listening(bus, clock.wall_s) as heard:
        await playing
    by_minute = heard.by_minute("battery.current")
    assert sorted(by_minute) == [int(START_S // 60) + minute for minute in range(5)]
    for currents_a in by_minute.values():
        assert len(currents_a) == 12
        assert sum(currents_a) / 12 == pytest.approx(-3.27, abs=0.1 / 12)
    everything = [current_a for currents_a in by_minute.values() for current_a in currents_a]
    assert sum(everything) / 60 == pytest.approx(-3.27, abs=0.1 / 60)
    assert {value for _, value in heard.readings["battery.soc"]} == {61.37}
    assert {value for _, value in heard.readings["battery.voltage"]} == {51.23}
    assert clock.wall_s() == START_S + 300


async def test_time_stands_still_while_nobody_listens(bus: str, clock: SharedClock) -> None:
    playing = asyncio.create_task(shared(minutes(2), bus, clock).run())
    await asyncio.sleep(0.1)
    assert clock.wall_s() < START_S + 5
    async with listening(bus, clock.wall_s) as heard:
        await playing
    assert sorted(heard.by_minute("battery.soc")) == [int(START_S // 60), int(START_S // 60) + 1]


async def test_a_listener_that_dies_costs_no_minute(bus: str, clock: SharedClock) -> None:
    replay = shared(minutes(12), bus, clock)
    playing = asyncio.create_task(replay.run())
    heard_by_all: list[Heard] = []
    while not playing.done():
        async with listening(bus, clock.wall_s) as heard:
            heard_by_all.append(heard)
            lifetime = 61 * len(heard_by_all) % 97 + 20
            while heard.frames < lifetime and not playing.done():  # noqa: ASYNC110
                await asyncio.sleep(0.0005)
        await asyncio.sleep(0.01)
        if replay.minute == 12:
            break
    await playing
    assert len(heard_by_all) > 5
    heard_minutes = {minute for heard in heard_by_all for minute in heard.by_minute("battery.soc")}
    assert heard_minutes >= {int(START_S // 60) + minute for minute in range(12)}


@pytest.mark.parametrize(
    ("deaths", "bursts"),
    [
        ({12}, 13),  # gone before it read the last burst
        ({13}, 13),  # gone after reading it, before the minute's end could be saved
        ({12, 14, 15}, 15),
        ({5}, 13),
    ],
)
async def test_a_burst_that_died_with_its_listener_is_sent_again_in_the_same_minute(
    deaths: set[int], bursts: int
) -> None:
    class Mortal(DecodingWire):
        looks = 0

        def heard(self) -> bool:
            self.looks += 1
            return self.looks not in deaths

    wire = Mortal()
    await Replay(parse_datalog(minutes(1)), wire, unbounded()).run()
    assert len(wire.heard_values["battery.soc"]) == bursts


async def test_a_test_may_play_as_far_as_it_likes(bus: str, clock: SharedClock) -> None:
    wire = wire_of(f"simbus:{bus}")
    replay = Replay(parse_datalog(minutes(6)), wire, Pace(SystemClock(), 0, clock))
    await wire.start()
    async with listening(bus, clock.wall_s) as heard:
        await replay.play(until_minute=2)
        assert (replay.minute, clock.wall_s()) == (2, START_S + 120)
        assert len(heard.by_minute("battery.soc")) == 2
        await replay.play()
        assert replay.minute == 6
    await wire.close()


async def test_minutes_the_log_leaves_out_pass_in_silence(bus: str, clock: SharedClock) -> None:
    cells = "50.00,-5.00,2.00,51.23,-3.27,61.37,21.04"
    log = datalog([("04.07.2016 00:00", cells), ("04.07.2016 00:10", cells)])
    playing = asyncio.create_task(shared(log, bus, clock).run())
    async with listening(bus, clock.wall_s) as heard:
        await playing
    assert sorted(heard.by_minute("battery.soc")) == [int(START_S // 60), int(START_S // 60) + 10]


async def test_what_a_dead_sensor_does_not_tell_is_not_sent_as_zero() -> None:
    wire = DecodingWire()
    log = datalog([("04.07.2016 00:00", "50.00,-5.00,2.25,0.00,0.00,0.00,27.44")])
    await Replay(parse_datalog(log), wire, unbounded()).run()
    assert "battery.soc" not in wire.heard_values
    assert "battery.temperature" not in wire.heard_values
    assert set(wire.heard_values["battery.voltage"]) == {50.0}
    assert sum(wire.heard_values["battery.current"]) / 12 == pytest.approx(-2.75, abs=0.1 / 12)


async def test_the_limits_are_those_set_in_the_inverter() -> None:
    wire = DecodingWire()
    await Replay(parse_datalog(minutes(1)), wire, unbounded()).run()
    assert set(wire.heard_values["battery.charge_voltage_limit"]) == {56.2}
    assert set(wire.heard_values["battery.charge_current_limit"]) == {50.0}


async def test_speed_is_times_real_time() -> None:
    real = VirtualClock(0.0)
    playing = asyncio.create_task(Replay(parse_datalog(minutes(2)), DecodingWire(), Pace(real, 60)).run())
    waited_s = 0.0
    while not playing.done():
        await asyncio.sleep(0)
        real.advance(0.01)
        waited_s += 0.01
    assert waited_s == pytest.approx(2.0, abs=0.1)


def test_rounding_errors_are_carried_not_lost() -> None:
    diffuser = Diffuser(0.1)
    steps = [diffuser.round(0.34) for _ in range(50)]
    assert {round(step, 1) for step in steps} == {0.3, 0.4}
    assert sum(steps) == pytest.approx(17.0, abs=0.05)


def test_the_log_s_clock_is_read_in_the_site_s_zone() -> None:
    log = parse_datalog(minutes(1))
    assert start_wall_s(log, ZoneInfo("UTC")) == START_S
    assert start_wall_s(log, ZoneInfo("Europe/Rome")) == START_S - 7200


def test_a_log_without_a_battery_is_refused() -> None:
    with pytest.raises(OperatorError, match="no battery voltage and current"):
        Replay(parse_datalog(datalog([("04.07.2016 00:00", ",,,,,,")])), DecodingWire(), unbounded())


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["absent.CSV"], "cannot read absent.CSV"),
        ([__file__], "not a Studer RCC datalog"),
        (["LOG", "--speed", "-1"], "--speed must be 0 or more"),
        (["LOG", "--timezone", "Europe/Noto"], "no time zone 'Europe/Noto'"),
        (["LOG", "--profile", "nokia"], "nokia"),
        (["LOG", "--bus", "pigeon:1"], "no such bus"),
        (["LOG", "--clock", "CLOCK"], "past the log's first minute"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_do(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, clock = tmp_path / "LG160704.CSV", tmp_path / "clock"
    log.write_bytes(minutes(1))
    SharedClock.create(clock, START_S + 1)
    files = {"LOG": str(log), "CLOCK": str(clock)}
    assert main(["replay", *(files.get(word, word) for word in words)]) == 1
    assert reason in capsys.readouterr().err


def test_the_command_plays_a_file_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "LG160704.CSV"
    log.write_bytes(minutes(3))
    assert main(["replay", str(log), "--bus", "virtual:replay-test", "--speed", "0"]) == 0
    assert "3 of 3 minutes" in capsys.readouterr().err


@pytest.mark.recordings
async def test_a_recorded_day_keeps_its_charge_and_its_soc(shared_data: Path) -> None:
    log = parse_datalog((shared_data / "studer" / "datalogs" / "LG160704.CSV").read_bytes())
    wire = DecodingWire()
    replay = Replay(log, wire, unbounded())
    await replay.run()
    currents_a, soc_pct = wire.heard_values["battery.current"], wire.heard_values["battery.soc"]
    assert len(currents_a) == len(soc_pct) == 1440 * 12
    logged_ah = charge_ah([minute.current_a for minute in replay.minutes])
    assert sum(currents_a) / 720 == pytest.approx(logged_ah, rel=0.0001)
    assert (min(soc_pct), max(soc_pct)) == (96.81, 99.62)
    assert wire.battery.counters.total() == wire.battery.counters["frames"], "nothing was refused"
