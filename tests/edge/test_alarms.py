"""Alarms in the edge: judged without a link, journaled at once, a restart repeats and forgets none."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import msgspec
from tests.support.edge import BOOT, clock_at_noon
from tests.support.model_server import ModelServer

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import LinkDown
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.memory import Memory, decode_memory
from stallaini.edge.meter import Meter
from stallaini.edge.program import JOURNAL_FILE
from stallaini.edge.timekeeper import Timekeeper
from stallaini.edge.usage import Usage
from stallaini.link.messages import Event, Scalar
from stallaini.site.config import SiteConfig, parse_site
from stallaini.site.reading import Reading

SITE = """
[site]
name = "lab"
timezone = "UTC"
[devices.battery]
kind = "can_battery"
bus = "virtual:a"
[devices.xcom]
kind = "studer_gateway"
port = "tcp:10.0.0.5:4001"
[devices.inverter]
kind = "studer_xtender"
gateway = "xcom"
[alarms.silent_battery]
enabled = false
"""
HOT, SOC = "battery.alarm.high_temperature", "battery.soc"


class World:
    """One edge over a data folder, one server, a link that is up or down, and a clock driven by hand."""

    def __init__(self, folder: Path, more: str = "", *, clock: VirtualClock | None = None) -> None:
        self.clock = clock or clock_at_noon()
        self.usage = Usage()
        self.server = ModelServer()
        self.up = True
        self._folder = folder
        self.start(more)

    def start(self, more: str = "") -> None:
        """The program starts, as after a kill: nothing was told to the one before."""
        self.config: SiteConfig = parse_site(SITE + more, load_kinds())
        origin = Origin(BOOT, self.config.description.encode())
        time = Timekeeper(self.clock)
        max_bytes = int(self.config.journal.max_mb * 1e6)
        self.keeper = JournalKeeper(self._folder / JOURNAL_FILE, max_bytes, time, origin)
        meter = Meter(self.usage, time, "UTC", self.config.link)
        self.core = EdgeCore(self.config, self.keeper, origin, time, self.exchange, meter=meter)
        self.core.started()

    async def exchange(self, payload: bytes) -> bytes:
        if not self.up:
            raise LinkDown("no answer in time")
        return self.server.handle(payload)

    def live(self, seconds: int, **values: float | bool) -> None:
        """A reading of each value and a tick a second."""
        for _ in range(seconds):
            for field, value in values.items():
                self.say(f"battery.{field}", value)
            self.clock.advance(1)
            self.core.tick()

    def say(self, channel: str, value: float | bool | None) -> None:
        self.core.on_reading(Reading(channel, self.clock.monotonic_s(), value))

    async def told(self, kind: str = "alarm.") -> list[tuple[str, dict[str, Scalar]]]:
        """What of that kind reached the server, in the journal's order: news may arrive before older news."""
        await self.core.flush()
        bodies = [body for _, body in sorted(self.server.state.entries.items())]
        events = [body for body in bodies if isinstance(body, Event)]
        return [(event.kind, event.data) for event in events if event.kind.startswith(kind)]


async def test_a_bit_is_an_alarm_in_the_journal_before_the_next_reading(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.say(HOT, True)
    raised = {"rule": "battery_alarm_high_temperature", "severity": "warning", "channel": HOT, "value": 1}
    assert await world.told() == [("alarm.raised", raised)]
    world.live(70)
    assert len(await world.told()) == 1, "silence clears nothing"


async def test_it_is_judged_without_a_link_and_told_when_there_is_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.up = False
    world.live(62, soc=18.0)
    world.live(62, soc=30.0)
    assert await world.told() == []
    world.up = True
    assert await world.told() == [
        ("alarm.raised", {"rule": "soc_low", "severity": "warning", "channel": SOC, "value": 18}),
        ("alarm.cleared", {"rule": "soc_low", "value": 30, "lasted_s": 62}),
    ]


async def test_a_restart_repeats_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.live(62, soc=18.0)
    for _ in range(3):
        world.start()
        world.live(90, soc=18.0)
    assert [kind for kind, _ in await world.told()] == ["alarm.raised"]
    world.start()
    world.live(62, soc=30.0)
    kinds = [kind for kind, _ in await world.told()]
    assert kinds == ["alarm.raised", "alarm.cleared"]
    lasted_s = (await world.told())[-1][1]["lasted_s"]
    assert lasted_s == 3 * 90 + 1 + 61
    world.start()
    world.live(90, soc=30.0)
    assert len(await world.told()) == 2


async def test_a_restart_amid_an_unknown_tells_its_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.live(62, soc=18.0)
    world.live(400)
    world.start()
    world.live(2, soc=18.0)
    assert [kind for kind, _ in await world.told()] == ["alarm.raised", "alarm.stale", "alarm.fresh"]


async def test_what_was_raised_by_a_rule_switched_off_ends_at_the_next_start(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.live(62, soc=18.0)
    world.start("[alarms.soc_low]\nenabled = false\n")
    world.live(90, soc=18.0)
    assert [(kind, data["rule"]) for kind, data in await world.told()] == [
        ("alarm.raised", "soc_low"),
        ("alarm.cleared", "soc_low"),
    ]
    world.start()
    assert len(await world.told()) == 2


async def test_a_signal_that_flaps_a_thousand_times_in_an_hour_is_a_few_events(tmp_path: Path) -> None:
    world = World(tmp_path)
    for second in range(3600):
        world.say(HOT, second % 4 < 2)
        world.clock.advance(1)
        world.core.tick()
    world.live(90, **{"alarm.high_temperature": False})
    assert [kind for kind, _ in await world.told()] == ["alarm.raised", "alarm.cleared"]


async def test_without_hold_times_a_flapping_signal_is_counted(tmp_path: Path) -> None:
    world = World(tmp_path, "[alarms.battery_alarm_high_temperature]\nclear_after_s = 0\n")
    for second in range(3600):
        world.say(HOT, second % 4 < 2)
        world.clock.advance(1)
        world.core.tick()
    told = await world.told()
    counts = Counter(kind for kind, _ in told)
    assert (counts["alarm.raised"], counts["alarm.cleared"]) == (4, 3)
    assert counts["alarm.flapping"] <= 60
    assert told[-1][0] == "alarm.flapping"
    assert int(str(told[-1][1]["count"])) > 850


async def test_a_grave_studer_message_is_an_alarm_with_its_words(tmp_path: Path) -> None:
    world = World(tmp_path)
    data: dict[str, Scalar] = {"device": "inverter", "number": 20, "severity": "halted"}
    world.core.on_event("studer.message", data | {"text": "Battery overvoltage"})
    raised = {"rule": "studer_fault_xcom", "severity": "critical", "value": 20, "text": "Battery overvoltage"}
    assert await world.told() == [("alarm.raised", raised)]


async def test_an_edge_that_does_not_learn_the_time_says_so(tmp_path: Path) -> None:
    clock = clock_at_noon()
    clock.right = False
    world = World(tmp_path, clock=clock)
    world.live(700)
    assert world.core.alarms.raised == ["clock_unknown"]
    clock.right = True
    world.live(70)
    assert world.core.alarms.raised == []
    assert [kind for kind, _ in await world.told()] == ["alarm.raised", "alarm.cleared"]


def test_a_journal_that_fills_up_is_told_before_it_loses_anything(tmp_path: Path) -> None:
    world = World(tmp_path, "[journal]\nmax_mb = 1\n")
    number = 0
    while "journal_full" not in world.core.alarms.raised and number < 4000:
        notes = [Event(0, "lab.note", {"number": number + n, "text": "x" * 150}) for n in range(100)]
        world.keeper.append(notes)
        number += len(notes)
        world.live(61)
    kinds = [body.kind for body in world.keeper.current.waiting() if isinstance(body, Event)]
    assert "alarm.raised" in kinds
    assert not {"journal.thinned", "journal.dropped"} & set(kinds)


async def test_others_who_eat_up_the_plan_are_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.usage.day(date(2026, 11, 17)).down["other"] = 190_000_000
    world.start()
    world.live(3700, soc=80.0)
    assert world.core.alarms.raised == ["plan_short"]


async def test_a_card_without_room_is_told(tmp_path: Path) -> None:
    world = World(tmp_path, "[alarms.disk_full]\nraise_level = 999000\nclear_level = 999999\n")
    world.live(130, soc=80.0)
    assert world.core.alarms.raised == ["disk_full"]


def test_the_note_of_a_program_from_before_alarms_is_understood() -> None:
    flags = msgspec.msgpack.encode({"battery.alarm.general": True})
    assert decode_memory(flags) == Memory(flags)
    assert decode_memory(b"") == Memory()
    assert decode_memory(Memory(flags, b"\x80").encode()) == Memory(flags, b"\x80")


async def test_an_alarm_and_what_is_remembered_of_it_are_written_together(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.say(HOT, True)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (JOURNAL_FILE, f"{JOURNAL_FILE}-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    after_a_power_cut = World(copy)
    after_a_power_cut.say(HOT, True)
    after_a_power_cut.live(5, **{"alarm.high_temperature": True})
    assert [kind for kind, _ in await after_a_power_cut.told()] == ["alarm.raised"]
