"""A site's months on a data plan: outages, loss, alarms, commands, people who watch, others' traffic.

The real pacer, governor, meter and teller under a virtual clock. Simulated are the journal (entries are
counted, not kept) and the exchange: its datagrams are as many and as large as the real one's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from stallaini.clock import VirtualClock
from stallaini.edge.interfaces import Passed
from stallaini.edge.line import Line, Traffic
from stallaini.edge.meter import Meter
from stallaini.edge.pacer import Pacer, Send
from stallaini.edge.telling import Teller
from stallaini.edge.usage import Usage
from stallaini.link.messages import Entry, Event, Minute
from stallaini.site.billing import BillingMonth, billing_month, day_start_s, load_zone, local_day
from stallaini.site.config import LinkConfig

DAY_S = 86_400.0
TIMEZONE = "Europe/Rome"
_CHANNELS = 34
_UP_BYTES, _DOWN_BYTES, _ANSWER_BYTES, _COMMAND_BYTES = 50, 44, 4, 30
_HEAD_BYTES, _MINUTE_BYTES, _EVENT_BYTES, _MESSAGE_BYTES = 8, 1.5, 60, 1024
_ROUND_TRIP_S = 0.5
_REPEATED_S = (0.0, 2.5, 7.5, 17.5, 37.5)
_GIVES_UP_S, _ONCE_GIVES_UP_S = 77.5, 10.0
_MINUTE = Entry(1, Minute(0, ()))


@dataclass(frozen=True)
class Weather:
    """How hard the months are. Means over time; what is random follows from the seed alone."""

    outages_per_day: float = 0.5
    long_outages_per_year: float = 2.0
    long_outage_days: float = 7.0
    loss: float = 0.02
    alarms_per_day: float = 3.0
    commands_per_day: float = 4.0
    watched_per_day: float = 2.0
    watched_s: float = 900.0
    others_bytes_per_day: float = 5_000.0


@dataclass
class Report:
    """What came of it. A delay counts only time with the link up, and within one stretch of it."""

    minutes: int = 0
    exchanges: int = 0
    alarms: int = 0
    commands: int = 0
    slowest_alarm_s: float = 0.0
    slowest_command_s: float = 0.0
    live_sent: int = 0
    watched_s: float = 0.0
    down_s: float = 0.0
    waiting_minutes: int = 0
    used_bytes: list[int] = field(default_factory=list)


@dataclass
class _Waiting:
    """What waits on the site, and at the server, for the other end; since when where it matters."""

    minutes: int = 0
    events: int = 0
    alarms: list[float] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)


class _LabLine(Line):
    """The kernel's counters of a made-up interface."""

    def __init__(self) -> None:
        super().__init__(LinkConfig(interface="lab0"), "", {})
        self.interface = "lab0"
        self.up_bytes = self.down_bytes = 0

    def passed(self, now_s: float) -> Traffic:  # noqa: ARG002 - its time does not matter
        passed = Passed(self.up_bytes, self.down_bytes)
        self.up_bytes = self.down_bytes = 0
        return Traffic(passed, Passed(0, 0))


class World:
    """One site under one plan. `run` lives it for so many days from a Unix second on."""

    def __init__(self, link: LinkConfig, weather: Weather, seed: int, start_s: float) -> None:
        self.clock = VirtualClock(start_s)
        self._start_s = start_s
        self.report = Report()
        self.usage = Usage()
        self._link = link
        self._weather = weather
        self._chance = random.Random(seed)
        self._line = _LabLine()
        self._meter = Meter(self.usage, self.clock, TIMEZONE, link, self._line)
        self._pacer = Pacer(link, self._meter, _CHANNELS, 0.0)
        self._teller = Teller(self._meter, self._pacer, link)
        self._wait = _Waiting()
        self._once = self._unplugged = False
        self._watched_until_s = self._up_since_s = 0.0
        self._down_until_s = -1.0
        self._happenings: list[tuple[float, str]] = []

    def run(self, days: float) -> Report:
        """Live on for so many days."""
        start_s = self.clock.monotonic_s()
        end_s = start_s + days * DAY_S
        self._happenings += _plan(self._weather, self._chance, start_s, end_s)
        self._happenings.sort(reverse=True)
        while self.clock.monotonic_s() < end_s:
            self._step(end_s)
        self._end_stretch(end_s)
        self.report.waiting_minutes = self._wait.minutes
        self.report.used_bytes = [self.usage.used_bytes(month) for month in self.months()]
        return self.report

    def months(self) -> list[BillingMonth]:
        """The billing months lived so far, oldest first."""
        zone = load_zone(TIMEZONE)
        month = billing_month(local_day(self._start_s, zone), self._link.billing_day)
        found = [month]
        while day_start_s(month.end, zone) < self.clock.wall_s():
            month = billing_month(month.end, self._link.billing_day)
            found.append(month)
        return found

    # -- the site

    def _step(self, end_s: float) -> None:
        now_s = self.clock.monotonic_s()
        self._meter.poll()
        for _ in self._teller.due(now_s, self.clock.wall_s()):
            self._wait.events += 4  # it is as long as four others
            self._pacer.journaled(urgent=self._teller.urgent)
        step = self._pacer.step(now_s)
        if step.send is Send.WAIT:
            wait_s = 60.0 if step.wait_s is None else min(60.0, step.wait_s)
            self._live_until(min(now_s + max(wait_s, 0.01), end_s), wakes=True)
        else:
            self._exchange(step.send)

    def _exchange(self, send: Send) -> None:
        entries = self._fill(send)
        if not entries and send is Send.ENTRIES:
            self._pacer.nothing_left()
            return
        events = sum(entry is not _MINUTE for entry in entries)
        payload_bytes = round(_HEAD_BYTES + _MINUTE_BYTES * (len(entries) - events) + _EVENT_BYTES * events)
        payload_bytes += 2 * _CHANNELS if send is Send.LIVE else 0
        self._pacer.begins(send, payload_bytes, entries)
        self.report.exchanges += 1
        if self._carry(payload_bytes):
            self._answered(send, payload_bytes, entries, events)
        else:
            self._once = not self._unplugged or self._once
            self._pacer.stuck(self.clock.monotonic_s(), down=True)

    def _fill(self, send: Send) -> list[Entry]:
        """The oldest entries that fit a message."""
        if send is Send.PROBE:
            return []
        room = _MESSAGE_BYTES - _HEAD_BYTES
        events = min(self._wait.events + len(self._wait.alarms), room // _EVENT_BYTES)
        minutes = min(self._wait.minutes, int((room - events * _EVENT_BYTES) / _MINUTE_BYTES))
        if self._pacer.holds_minutes:  # then events pass them
            minutes = 0
        alarm = Entry(1, Event(0, "flag.raised", {"channel": "battery.alarm.high_temperature"}))
        return [_MINUTE] * minutes + [alarm] * events

    def _answered(self, send: Send, payload_bytes: int, entries: list[Entry], events: int) -> None:
        now_s = self.clock.monotonic_s()
        self._pacer.watching(max(0.0, self._watched_until_s - now_s), now_s)
        self._pacer.forward(send, payload_bytes, entries, now_s)
        self.report.live_sent += send is Send.LIVE
        self._wait.minutes -= len(entries) - events
        others = min(self._wait.events, events)
        self._wait.events -= others
        arrived = self._wait.alarms[: events - others]
        del self._wait.alarms[: events - others]
        self._note(arrived, self._wait.commands, now_s)
        self._wait.commands.clear()

    def _note(self, alarms: list[float], commands: list[float], now_s: float) -> None:
        """Note how long alarms and commands have waited in this stretch with the link up."""
        report = self.report
        for since_s in alarms:
            report.slowest_alarm_s = max(report.slowest_alarm_s, now_s - max(since_s, self._up_since_s))
        for since_s in commands:
            report.slowest_command_s = max(report.slowest_command_s, now_s - max(since_s, self._up_since_s))

    def _end_stretch(self, now_s: float) -> None:
        self._note(self._wait.alarms, self._wait.commands, now_s)

    # -- the link

    def _carry(self, payload_bytes: int) -> bool:
        """Send and repeat as the real exchange does; False: nobody answered."""
        begun_s = self.clock.monotonic_s()
        if self._unplugged and self._is_down():
            self._live_until(begun_s + 0.01)
            return False
        for number, offset_s in enumerate(_REPEATED_S[:1] if self._once else _REPEATED_S):
            self._live_until(begun_s + offset_s)
            self._meter.sent(_UP_BYTES + payload_bytes, repeated=number > 0)
            self._line.up_bytes += _UP_BYTES + payload_bytes
            if not self._is_down() and not self._loses() and not self._loses():
                self._live_until(begun_s + offset_s + _ROUND_TRIP_S)
                self._answer()
                self._once = False
                return True
        self._live_until(begun_s + (_ONCE_GIVES_UP_S if self._once else _GIVES_UP_S))
        return False

    def _answer(self) -> None:
        size_bytes = _DOWN_BYTES + _ANSWER_BYTES + _COMMAND_BYTES * len(self._wait.commands)
        self._meter.received(size_bytes, "acknowledgements")
        self._line.down_bytes += size_bytes

    def _is_down(self) -> bool:
        return self.clock.monotonic_s() < self._down_until_s

    def _loses(self) -> bool:
        return self._chance.random() < self._weather.loss

    # -- what happens around it

    def _live_until(self, end_s: float, *, wakes: bool = False) -> None:
        """Let time pass; with `wakes` only until an entry is journaled."""
        while self._happenings and self._happenings[-1][0] <= end_s:
            at_s, kind = self._happenings.pop()
            self._advance_to(at_s)
            if self._happens(kind, at_s) and wakes:
                return
        self._advance_to(end_s)

    def _advance_to(self, at_s: float) -> None:
        self.clock.advance(max(0.0, at_s - self.clock.monotonic_s()))

    def _happens(self, kind: str, now_s: float) -> bool:
        """Let it happen; whether the site has something new to send by it."""
        if kind == "minute":
            self.report.minutes += 1
            self.report.down_s += 60.0 * self._is_down()
            self._wait.minutes += 1
            self._pacer.journaled(urgent=False)
        elif kind == "alarm":
            self.report.alarms += 1
            self._wait.alarms.append(now_s)
            self._pacer.journaled(urgent=True)
        elif kind == "command":
            self.report.commands += 1
            self._wait.commands.append(now_s)
        elif kind == "watch":
            self._watched_until_s = max(self._watched_until_s, now_s + self._weather.watched_s)
            self.report.watched_s += self._weather.watched_s
        elif kind == "others":
            self._line.down_bytes += int(self._weather.others_bytes_per_day / 24)
        else:
            self._break(now_s, long=kind == "long outage")
        return kind in ("minute", "alarm")

    def _break(self, now_s: float, *, long: bool) -> None:
        """The link goes down, mostly for minutes, at times for hours; half the time the interface with it."""
        if not self._is_down():
            self._end_stretch(now_s)
        lasts_s = self._weather.long_outage_days * DAY_S if long else self._chance.lognormvariate(6.0, 1.5)
        self._unplugged = not long and self._chance.random() < 0.5
        self._down_until_s = max(self._down_until_s, now_s + lasts_s)
        self._up_since_s = self._down_until_s


def _plan(
    weather: Weather, chance: random.Random, start_s: float, end_s: float
) -> Iterator[tuple[float, str]]:
    """What happens to the site, in any order."""
    for minute in range(1, int((end_s - start_s) / 60) + 1):
        yield start_s + minute * 60.0, "minute"
    for hour in range(int((end_s - start_s) / 3600)):
        yield start_s + hour * 3600.0, "others"
    often = {
        "outage": weather.outages_per_day,
        "long outage": weather.long_outages_per_year / 365,
        "alarm": weather.alarms_per_day,
        "command": weather.commands_per_day,
        "watch": weather.watched_per_day,
    }
    for kind, per_day in often.items():
        at_s = start_s
        while per_day and (at_s := at_s + chance.expovariate(per_day / DAY_S)) < end_s:
            yield at_s, kind
