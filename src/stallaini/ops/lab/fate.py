"""Misfortunes come true: what each kind in a schedule does to the machines and to the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields

from stallaini.ops.lab.disk import Commit, Files
from stallaini.ops.lab.machine import Fuse, Machine
from stallaini.ops.lab.network import Weather
from stallaini.ops.lab.programs import DATABASE_FILE, JOURNAL_FILE
from stallaini.ops.lab.schedule import Misfortune, Schedule
from stallaini.ops.lab.setting import Setting

_FUSE_LASTS_S = 120.0
_CLOCKLESS_S = 86_400


class Fate:
    """Lets a schedule happen to a setting. `struck` counts the misfortunes that came true."""

    def __init__(self, schedule: Schedule, setting: Setting) -> None:
        self.struck: Counter[str] = Counter()
        self._setting = setting
        self._timeline = setting.timeline
        self._over = False
        self._backups: dict[int, Commit] = {}
        for number, misfortune in enumerate(schedule.misfortunes):
            self._prepare(number, misfortune)
            self._timeline.at(misfortune.at_s, self._strike, number, misfortune)

    def end(self) -> None:
        """All faults end: both machines run, their clocks are right, the network carries."""
        self._over = True
        setting = self._setting
        weather = setting.network.weather
        for field in fields(Weather):
            setattr(weather, field.name, field.default)
        setting.slow_ms = 0
        for machine in setting.machines:
            machine.disarm()
            machine.disk.full = False
            machine.clock.error_s = 0.0
            self._end_what_is_ending(machine)
            machine.boot()

    def _prepare(self, number: int, misfortune: Misfortune) -> None:
        """What must be kept from the start so that it can be lost or put back later."""
        machine, name = self._where(misfortune)
        if misfortune.what.startswith("forget_"):
            machine.disk.keep_commits(name, misfortune["commits"])
        elif misfortune.what.startswith("restore_"):
            self._timeline.at(
                max(0, misfortune.at_s - misfortune["age_s"]), self._back_up, number, machine, name
            )

    def _where(self, misfortune: Misfortune) -> tuple[Machine, str]:
        """The machine it happens to, and the name of that machine's database."""
        if misfortune.what.endswith("_server"):
            return self._setting.server, DATABASE_FILE
        return self._setting.edge, JOURNAL_FILE

    def _back_up(self, number: int, machine: Machine, name: str) -> None:
        self._backups[number] = Commit(machine.disk.commits, machine.disk.files(name))

    def _strike(self, number: int, misfortune: Misfortune) -> None:
        if self._over:
            return
        self._setting.log(f"misfortune: {misfortune}")
        self.struck[misfortune.what] += 1
        what, _, where = misfortune.what.partition("_")
        machine, name = self._where(misfortune)
        if what == "restore":
            left = machine.disk.put_back(name, self._backups[number].files)
            self._set_back(machine, self._backups[number].number, left, misfortune)
        elif where:
            _ON_MACHINE[what](self, machine, misfortune)
        else:
            _ELSEWHERE[what](self, misfortune)

    def _after(self, seconds: float, action: Callable[..., None], *args: object) -> None:
        """Call something later, unless all faults have ended by then."""

        def act() -> None:
            if not self._over:
                action(*args)

        self._timeline.at(self._timeline.now_s + seconds, act)

    # -- a machine

    def _kill(self, machine: Machine, misfortune: Misfortune) -> None:
        self._die_later(machine, misfortune, power=False)

    def _cut(self, machine: Machine, misfortune: Misfortune) -> None:
        self._die_later(machine, misfortune, power=True)

    def _die_later(self, machine: Machine, misfortune: Misfortune, *, power: bool) -> None:
        def die(left: Files | None = None) -> None:
            machine.kill(left, power=power)
            self._after(misfortune["down_s"], self._come_back, machine, misfortune)

        if misfortune["steps"] == 0 or not machine.up:
            die()
            return
        fuse = Fuse(misfortune["steps"], die, power)
        machine.arm(fuse)
        self._after(_FUSE_LASTS_S, machine.burn, fuse)

    def _come_back(self, machine: Machine, misfortune: Misfortune) -> None:
        behind_s = misfortune.arguments.get("behind_s", 0)
        if behind_s and not machine.running:
            self._setting.ledger.clock_lied = True
            clockless = behind_s >= _CLOCKLESS_S
            machine.clock.error_s = -(machine.clock.wall_s() if clockless else behind_s)
            self._after(misfortune["sync_s"], self._set_clock, machine)
        machine.boot()

    def _set_clock(self, machine: Machine) -> None:
        machine.clock.error_s = 0.0

    def _forget(self, machine: Machine, misfortune: Misfortune) -> None:
        last_commit, left = machine.disk.forget(misfortune["commits"])
        self._set_back(machine, last_commit, left, misfortune)

    def _set_back(self, machine: Machine, last_commit: int, left: Files, misfortune: Misfortune) -> None:
        machine.kill(left, power=True)
        if machine is self._setting.edge:
            self._setting.ledger.forgot(last_commit)
        else:
            self._setting.ledger.server_set_back = True
        self._after(misfortune["down_s"], machine.boot)

    def _stop(self, machine: Machine, misfortune: Misfortune) -> None:
        machine.stop()
        self._after(misfortune["down_s"], self._start_again, machine)

    def _start_again(self, machine: Machine) -> None:
        self._end_what_is_ending(machine)
        machine.start()

    def _end_what_is_ending(self, machine: Machine) -> None:
        """A program that was stopped and takes its time is killed, so that it can start again."""
        if machine.up and machine.stopping:
            machine.kill()

    def _full(self, machine: Machine, misfortune: Misfortune) -> None:
        machine.disk.full = True
        self._after(misfortune["for_s"], self._free, machine)

    def _free(self, machine: Machine) -> None:
        machine.disk.full = False

    def _step(self, machine: Machine, misfortune: Misfortune) -> None:
        machine.clock.error_s += misfortune["by_s"]
        self._setting.ledger.clock_lied = True

    def _slow(self, _machine: Machine, misfortune: Misfortune) -> None:
        self._setting.slow_ms = misfortune["upto_ms"]
        self._after(misfortune["for_s"], setattr, self._setting, "slow_ms", 0)

    # -- elsewhere

    def _weather(self, for_s: int, **weather: int) -> None:
        network = self._setting.network
        for name, value in weather.items():
            setattr(network.weather, name, value)
            self._after(for_s, setattr, network.weather, name, 0)

    def _lose(self, misfortune: Misfortune) -> None:
        self._weather(misfortune["for_s"], lost_up=misfortune["up"], lost_down=misfortune["down"])

    def _double(self, misfortune: Misfortune) -> None:
        self._weather(misfortune["for_s"], doubled=misfortune["share"])

    def _delay(self, misfortune: Misfortune) -> None:
        self._weather(misfortune["for_s"], upto_s=misfortune["upto_s"])

    def _part(self, misfortune: Misfortune) -> None:
        self._weather(misfortune["for_s"], cut=1, no_route=misfortune["no_route"])

    def _move(self, _misfortune: Misfortune) -> None:
        self._setting.network.move_edge()

    def _watch(self, misfortune: Misfortune) -> None:
        self._setting.look(misfortune["for_s"])

    def _command(self, misfortune: Misfortune) -> None:
        self._setting.ask(misfortune["ahead_s"], misfortune["for_s"])

    def _edit(self, misfortune: Misfortune) -> None:
        self._setting.edition += 1
        self._stop(self._setting.edge, misfortune)


_ON_MACHINE: dict[str, Callable[[Fate, Machine, Misfortune], None]] = {
    "kill": Fate._kill,
    "cut": Fate._cut,
    "forget": Fate._forget,
    "stop": Fate._stop,
    "full": Fate._full,
    "step": Fate._step,
    "slow": Fate._slow,
}
_ELSEWHERE: dict[str, Callable[[Fate, Misfortune], None]] = {
    "lose": Fate._lose,
    "double": Fate._double,
    "delay": Fate._delay,
    "part": Fate._part,
    "move": Fate._move,
    "watch": Fate._watch,
    "command": Fate._command,
    "edit": Fate._edit,
}
