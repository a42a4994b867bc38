"""The cells as a device: what it asks a stack, what it makes of the answers, and what it tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.catalogue import load_kinds
from stallaini.devices.pylontech_rs485.device import Ask, PylontechCells
from stallaini.devices.pylontech_rs485.frame import (
    Command,
    Frame,
    FrameReader,
    ReturnCode,
    encode_answer,
    parse_frame,
)
from stallaini.devices.pylontech_rs485.simulator import ModuleSaid, Rs485Pack
from stallaini.devices.pylontech_rs485.values import Limit
from stallaini.site.config import parse_site
from stallaini.site.reading import Reading

UPPER = ModuleSaid(
    (3.301, 3.305, *(13 * [3.303])), (27.0, 21.0, 22.0), 10.0, 61.0, cycles=80, serial="UPPER00000000001"
)
LOWER = ModuleSaid(
    (*(14 * [3.302]), 3.309), (28.5, 20.5, 23.5), 12.5, 59.0, cycles=82, serial="LOWER00000000002"
)
OF_A_MODULE = re.compile(r"module_\d\.")


@dataclass
class World:
    """A stack, the device that asks it, and the time. `deaf`: requests that the stack does not hear."""

    stack: list[ModuleSaid] = field(default_factory=lambda: [UPPER, LOWER])
    modules: int = 2
    deaf: Callable[[Ask], bool] = lambda _: False
    now_s: float = 1000.0
    asked: list[Ask] = field(default_factory=list)
    events: list[tuple[str, EventData]] = field(default_factory=list)
    values: dict[str, float | bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cells = PylontechCells("cells", modules=self.modules)
        self.pack = Rs485Pack(lambda: self.stack)

    def round(self, count: int = 1) -> World:
        """All that is due, `count` times, 10 s apart; `values` and `asked` are those of the last round."""
        for _ in range(count):
            self.values, self.asked = {}, []
            while (ask := self.cells.next_ask(self.now_s)) is not None:
                self._ask(ask)
            self.events += self.cells.poll(self.now_s)
            self.now_s += self.cells.wait_s(self.now_s)
        return self

    def _ask(self, ask: Ask) -> None:
        self.asked.append(ask)
        readings: list[Reading] | None = None
        if not self.deaf(ask):
            for frame in FrameReader().feed(self.pack.feed(ask.encode())):
                readings = self.cells.take(ask, frame, self.now_s)
        if readings is None:
            self.cells.missed(ask)
        for reading in readings or ():
            assert reading.monotonic_s == self.now_s
            self.values[reading.channel.removeprefix("cells.")] = reading.value

    def told(self, kind: str) -> list[EventData]:
        return [data for told, data in self.events if told == kind]


def only_one_by_one(ask: Ask) -> bool:
    return ask.whole


def test_a_stack_is_asked_as_a_whole() -> None:
    world = World().round(2)
    whole = [Ask(Command.ANALOG, 2, whole=True), Ask(Command.ALARMS, 2, whole=True)]
    assert world.asked[:2] == whole
    assert world.round(2).asked == whole
    assert Ask(Command.ANALOG, 2, whole=True).encode() == b"~20024642E002FFFD09\r"


def test_what_the_stack_says() -> None:
    values = World().round().values
    assert {name: value for name, value in values.items() if not OF_A_MODULE.match(name)} == {
        "modules": 2,
        "voltage": 49.541,
        "current": 22.5,
        "soc": 60.0,
        "capacity_remaining": 120.0,
        "capacity_total": 200.0,
        "cycles_max": 82,
        "cell_voltage_min": 3.301,
        "cell_voltage_max": 3.309,
        "cell_voltage_spread": 0.008,
        "cell_temperature_min": 20.5,
        "cell_temperature_max": 23.5,
        "board_temperature_max": 28.5,
        "module_current_min": 10.0,
        "module_current_max": 12.5,
        "module_current_spread": 2.5,
    }
    assert {name: value for name, value in values.items() if name.startswith("module_2.")} == {
        "module_2.voltage": 49.537,
        "module_2.current": 12.5,
        "module_2.soc": 59.0,
        "module_2.cycles": 82,
        "module_2.cell_voltage_min": 3.302,
        "module_2.cell_voltage_max": 3.309,
        "module_2.lowest_cell": 1,
        "module_2.highest_cell": 15,
        "module_2.temperature_max": 28.5,
    }


def test_alarms_are_told_with_the_module_they_are_of() -> None:
    world = World().round(2)
    assert world.values["alarm.cell_high_voltage"] is False
    assert world.values["alarm.module_2"] is False
    assert world.values["modules_blocking_charge"] == 0
    world.stack[1] = replace(
        LOWER, cell_limits=(Limit.NORMAL, Limit.ABOVE), status=bytes.fromhex("010C08000000")
    )
    raised = {name for name, value in world.round().values.items() if value is True}
    assert raised == {"alarm.cell_high_voltage", "alarm.module_2", "protection.over_voltage"}
    assert world.values["modules_blocking_charge"] == 1
    assert world.values["modules_blocking_discharge"] == 0
    assert world.values["modules_full"] == 1


def test_every_value_has_a_channel_and_every_channel_a_value() -> None:
    site = parse_site(
        '[site]\nname = "lab"\ntimezone = "UTC"\n'
        '[devices.cells]\nkind = "pylontech_rs485"\nport = "serial:/dev/ttyUSB1@115200"\nmodules = 8\n',
        load_kinds(),
    )
    world = World([*(8 * [UPPER])], modules=8).round()
    first = world.values
    assert {spec.name for spec in site.description.channels} == {
        f"cells.{name}" for name in {**first, **world.round().values}
    }


def test_only_the_modules_described_have_channels() -> None:
    world = World([UPPER, LOWER, LOWER], modules=2).round(2)
    assert world.values["modules"] == 3
    assert {name[:8] for name in world.values if OF_A_MODULE.match(name)} == {"module_1", "module_2"}
    assert "alarm.module_3" not in world.values


def test_who_they_are_is_told_once() -> None:
    world = World().round(4)
    assert world.told("cells.found") == [
        {
            "device": "cells",
            "modules": 2,
            "maker": "Pylon",
            "model": "US5000",
            "software": "1.3.8",
            "serials": "UPPER00000000001 LOWER00000000002",
        }
    ]


def test_a_stack_whose_master_does_not_speak_for_all_is_asked_module_by_module() -> None:
    world = World(deaf=only_one_by_one).round()
    assert world.asked[:2] == [Ask(Command.ANALOG, 2, whole=True), Ask(Command.ANALOG, 2)]
    assert [ask.address for ask in world.asked[2:]] == list(range(3, 10))
    assert (world.values["modules"], world.values["current"]) == (2, 22.5)
    world.round(2)
    assert world.asked == [
        Ask(command, adr) for command in (Command.ANALOG, Command.ALARMS) for adr in (2, 3)
    ]
    assert world.values["alarm.module_2"] is False
    assert world.told("cells.found")[0]["serials"] == "UPPER00000000001 LOWER00000000002"


def test_so_is_one_that_refuses() -> None:
    world = World()
    refusal = parse_frame(encode_answer(2, ReturnCode.DATA)[:-1])
    ask = world.cells.next_ask(world.now_s)
    assert ask is not None
    assert world.cells.take(ask, refusal, world.now_s) == []
    assert world.round(2).values["modules"] == 2
    assert not any(ask.whole for ask in world.asked)


def test_alarms_alone_may_be_told_module_by_module() -> None:
    world = World(deaf=lambda ask: ask.whole and ask.command == Command.ALARMS).round(4)
    assert "alarm.module_1" not in world.values
    world.round()
    assert world.values["alarm.module_1"] is False
    assert [ask.whole for ask in world.asked] == [True, False, False]


def test_noise_on_a_request_changes_nothing() -> None:
    world = World().round()
    world.now_s += 10
    ask = world.cells.next_ask(world.now_s)
    assert ask is not None
    noise = parse_frame(encode_answer(2, ReturnCode.CHECKSUM)[:-1])
    assert world.cells.take(ask, noise, world.now_s) == []
    assert all(ask.whole for ask in world.round(2).asked)


def test_a_sum_over_some_of_the_modules_is_not_told() -> None:
    world = World(deaf=only_one_by_one).round(2)
    world.deaf = lambda ask: ask.whole or (ask.address == 3 and ask.command == Command.ANALOG)
    world.round()
    assert "module_1.current" in world.values
    assert "module_2.current" not in world.values
    assert "current" not in world.values


def test_a_module_that_is_gone_and_one_that_comes_back() -> None:
    world = World(deaf=only_one_by_one).round(2)
    world.stack = [UPPER]
    world.round(4)
    assert world.told("cells.modules") == [{"device": "cells", "before": 2, "now": 1}]
    assert (world.values["modules"], world.values["current"]) == (1, 10.0)
    world.stack = [UPPER, LOWER]
    world.round(62)
    assert world.told("cells.modules")[1:] == [{"device": "cells", "before": 1, "now": 2}]
    assert world.values["current"] == 22.5


def test_the_master_tells_it_at_once() -> None:
    world = World().round(2)
    world.stack = [UPPER]
    assert world.round(2).told("cells.modules") == [{"device": "cells", "before": 2, "now": 1}]
    assert [data["modules"] for data in world.told("cells.found")] == [2, 1]


def test_silence_and_its_end_are_told_once_each() -> None:
    world = World().round(2)
    world.deaf = lambda _: True
    world.round(20)
    assert [data["reason"] for data in world.told("cells.lost")] == ["no answer for 30 s"]
    assert world.told("cells.heard") == []
    world.deaf = lambda _: False
    world.round(3)
    assert len(world.told("cells.lost")) == 1
    assert world.told("cells.heard") == [{"device": "cells", "silent_s": 210}]
    assert len(world.told("cells.found")) == 2


def test_a_stack_never_heard_is_lost_too() -> None:
    world = World(deaf=lambda _: True).round(5)
    assert [kind for kind, _ in world.events] == ["cells.lost"]
    assert world.asked == [Ask(Command.ANALOG, 2, whole=True), Ask(Command.ANALOG, 2)]


def analog_answer(*modules: ModuleSaid, address: int = 2) -> Frame:
    pack = Rs485Pack(lambda: modules)
    (frame,) = FrameReader().feed(pack.feed(Ask(Command.ANALOG, 2, whole=True).encode()))
    return frame._replace(address=address)


WHOLE, ONE = Ask(Command.ANALOG, 2, whole=True), Ask(Command.ANALOG, 2)


@pytest.mark.parametrize(
    ("ask", "frame"),
    [
        (WHOLE, parse_frame(WHOLE.encode()[:-1])),
        (WHOLE, analog_answer(UPPER, address=3)),
        (ONE, analog_answer(UPPER, LOWER)),
        (ONE, analog_answer(UPPER)),
        (Ask(Command.ALARMS, 2, whole=True), analog_answer(UPPER, LOWER)),
    ],
    ids=["echo", "another address", "another scope", "one of a group", "another command"],
)
def test_what_answers_something_else_is_waited_past(ask: Ask, frame: Frame) -> None:
    cells = PylontechCells("cells")
    assert cells.take(ask, frame, 5.0) is None
    assert cells.counters == {"strays": 1}


@pytest.mark.parametrize("wrong", [{"voltage_v": 51.0}, {"remaining_ah": 111.0}])
def test_what_does_not_fit_together_is_not_believed(wrong: dict[str, float]) -> None:
    world = World([UPPER, replace(LOWER, **wrong)])  # type: ignore[arg-type]
    assert world.round().values == {}
    assert world.cells.counters["disbelieved"] == 1
