"""A world: a setting, a schedule of misfortunes that happens to it, and the verdict at its end."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from stallaini.ops.lab.disk import new_folder, tapped
from stallaini.ops.lab.fate import Fate
from stallaini.ops.lab.programs import Stored, read_store
from stallaini.ops.lab.schedule import Schedule
from stallaini.ops.lab.seeding import seeded
from stallaini.ops.lab.setting import MIDNIGHT_S, Setting
from stallaini.ops.lab.site import series_names
from stallaini.ops.lab.timeline import Livelock, ProcessLoop
from stallaini.ops.lab.verdict import problems

_FED_AFTER_S = 200
# A server just started doubts its own clock for ten minutes before it refuses what lies in the future.
_QUIET_S = 900
_EARLIEST_MINUTE = MIDNIGHT_S // 60 - 1440


@dataclass
class Report:
    """How a world ended: what was broken, how often each misfortune struck, and a digest of its traffic.

    `minutes` is how many minutes the edge closed; `datagrams` counts them by what became of them, `events`
    what the store holds of events, by kind.
    """

    schedule: Schedule
    problems: list[str] = field(default_factory=list)
    minutes: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    datagrams: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    digest: str = ""
    trace: list[str] = field(default_factory=list)


def run_world(schedule: Schedule, folder: Path, *, traced: bool = False) -> Report:
    """Live through a schedule in `folder`, which is emptied before; `traced` writes down what happens."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what the programs say of thousands of faults is for nobody
    try:
        with seeded(schedule.seed):
            return _run(schedule, new_folder(folder), traced)
    finally:
        logging.disable(before)


def _run(schedule: Schedule, folder: Path, traced: bool) -> Report:
    report = Report(schedule)
    with ExitStack() as stack:
        setting = Setting(schedule, folder)
        if traced:
            setting.watch(lambda line: report.trace.append(f"{setting.timeline.now_s:10.3f} {line}"))
        for machine in setting.machines:
            stack.callback(machine.bury)
        fate = Fate(schedule, setting)
        try:
            with tapped(lambda: [machine.disk for machine in setting.machines]):
                _live(schedule, setting, fate)
        except Livelock as error:
            report.problems.append(f"livelock: {error}")
        else:
            _judge(setting, report)
        report.minutes = len(setting.ledger.minutes)
        report.struck, report.datagrams = fate.struck, setting.network.counts
        report.digest = setting.network.digest
    return report


def _live(schedule: Schedule, setting: Setting, fate: Fate) -> None:
    for machine in setting.machines:
        machine.boot()
    end_s = schedule.minutes * 60
    setting.timeline.run_until(end_s)
    fate.end()
    setting.timeline.run_until(end_s + _FED_AFTER_S)
    setting.fall_silent()
    setting.timeline.run_until(end_s + _FED_AFTER_S + _QUIET_S)
    for machine in setting.machines:
        machine.kill()


def _judge(setting: Setting, report: Report) -> None:
    try:
        stored = _read(setting, report.schedule)
    except Exception as error:  # whatever the store stumbles over, the schedule has brought it there
        report.problems.append(f"unreadable: {error!r}")
        return
    report.problems += [*problems(setting.ledger, stored), *_unasked(setting)]
    report.events.update(event.kind for event in stored.events)


def _unasked(setting: Setting) -> list[str]:
    """Programs that ended by themselves, and what asyncio would have logged."""
    crashed = [f"crashed: {what}" for machine in setting.machines for what in machine.crashed]
    return [*crashed, *(f"noise: {what}" for machine in setting.machines for what in machine.noises)]


def _read(setting: Setting, schedule: Schedule) -> Stored:
    known = [one.minute for one in setting.ledger.minutes if one.kept and one.minute > _EARLIEST_MINUTE]
    # A clock that ran ahead leaves minutes of a time that has not come yet: no gap before it has.
    fed_until_s = MIDNIGHT_S + (schedule.start_minute + schedule.minutes) * 60 + _FED_AFTER_S
    end = min(max(known, default=0) + 1, fed_until_s // 60)
    reading = ProcessLoop(setting.timeline, setting.timeline.failed)
    reader = read_store(setting.server.disk.folder, series_names(), min(known, default=end), end)
    task = reading.create_task(reader)
    setting.timeline.run_until(setting.timeline.now_s + 1)
    return task.result()
