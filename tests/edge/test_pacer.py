"""The pacer step by step, with time told by hand."""

from __future__ import annotations

from stallaini.clock import VirtualClock
from stallaini.edge.meter import Meter
from stallaini.edge.pacer import Pacer, Send
from stallaini.edge.usage import Usage
from stallaini.link.messages import Entry, Minute
from stallaini.site.config import LinkConfig

MONTH_START_S = 1_793_487_600.0  # 2026-11-01T00:00 in Rome
MINUTE = Entry(1, Minute(0, ()))


class Desk:
    """A pacer with its meter, and the hand that moves the clock."""

    def __init__(self, link: LinkConfig | None = None, used_bytes: int = 0) -> None:
        link = link or LinkConfig()
        self.clock = VirtualClock(MONTH_START_S, monotonic_s=1000.0)
        self.meter = Meter(Usage(), self.clock, "Europe/Rome", link)
        self.meter.sent(used_bytes, repeated=False)
        self.pacer = Pacer(link, self.meter, 34, self.now_s)
        self.all_sent()

    @property
    def now_s(self) -> float:
        return self.clock.monotonic_s()

    def all_sent(self, watching_s: float = 0) -> None:
        """One exchange brings everything over."""
        self.exchange(watching_s=watching_s)
        self.pacer.nothing_left()

    def exchange(self, send: Send = Send.ENTRIES, watching_s: float = 0, minutes: int = 1) -> None:
        entries = [] if send is Send.PROBE else [MINUTE] * minutes
        self.pacer.begins(send, 8 + 2 * minutes, entries)
        self.meter.sent(60, repeated=False)
        self.meter.received(48, "acknowledgements")
        self.pacer.watching(watching_s, self.now_s)
        self.pacer.forward(send, 8 + 2 * minutes, entries, self.now_s)

    def fail(self, send: Send = Send.ENTRIES, datagrams: int = 5, *, down: bool = True) -> None:
        self.pacer.begins(send, 10, [MINUTE])
        for number in range(datagrams):
            self.meter.sent(60, repeated=number > 0)
        self.pacer.stuck(self.now_s, down=down)

    def minute(self) -> None:
        """A minute passes and is journaled."""
        self.clock.advance(60)
        self.pacer.journaled(urgent=False)

    def next(self) -> Send:
        return self.pacer.step(self.now_s).send

    def pauses(self, tries: int, send: Send, *, down: bool) -> list[float]:
        """The pauses between that many tries in vain."""
        found = []
        for _ in range(tries):
            self.fail(send, datagrams=1, down=down)
            wait_s = self.pacer.step(self.now_s).wait_s
            assert wait_s is not None
            found.append(wait_s)
            self.clock.advance(wait_s)
        return found


def test_with_nothing_to_say_nothing_is_said() -> None:
    desk = Desk()
    desk.clock.advance(86_400)
    assert desk.pacer.step(desk.now_s) == (Send.WAIT, None)


def test_a_minute_goes_as_it_ends_although_its_forerunner_was_answered_a_moment_late() -> None:
    desk = Desk()
    desk.clock.advance(1.5)
    desk.minute()
    desk.all_sent()
    desk.clock.advance(-1.5)
    desk.minute()
    assert desk.next() is Send.ENTRIES


def test_in_economy_minutes_gather_and_an_alarm_takes_them_along() -> None:
    desk = Desk(LinkConfig(mode="economy"))
    for _ in range(14):
        desk.minute()
        assert desk.next() is Send.WAIT
    desk.minute()
    assert desk.next() is Send.ENTRIES
    desk.all_sent()
    desk.minute()
    desk.pacer.journaled(urgent=True)
    assert desk.next() is Send.ENTRIES


def test_a_backlog_goes_without_pauses_until_nothing_is_left() -> None:
    desk = Desk(LinkConfig(mode="economy"))
    for _ in range(15):
        desk.minute()
    for _ in range(3):
        assert desk.next() is Send.ENTRIES
        desk.exchange(minutes=500)
    desk.pacer.nothing_left()
    assert desk.next() is Send.WAIT


def test_after_silence_it_asks_with_small_messages_in_growing_pauses() -> None:
    desk = Desk()
    desk.minute()
    desk.fail()
    desk.clock.advance(2)
    assert desk.next() is Send.PROBE
    assert desk.pauses(7, Send.PROBE, down=True) == [4, 8, 16, 32, 40, 40, 40]
    desk.exchange(Send.PROBE)
    assert desk.next() is Send.ENTRIES
    desk.fail()  # small ones pass, large ones do not: the pauses do not begin anew
    assert desk.pacer.step(desk.now_s).wait_s == 40


def test_a_server_that_takes_nothing_is_not_tried_without_end() -> None:
    desk = Desk()
    desk.minute()
    assert desk.pauses(6, Send.ENTRIES, down=False) == [2, 4, 8, 16, 32, 40]
    assert desk.next() is Send.ENTRIES


def test_tries_cost_no_more_than_a_small_plan_bears() -> None:
    desk = Desk(LinkConfig(monthly_mb=3), used_bytes=1_500_000)
    desk.minute()
    pauses = desk.pauses(8, Send.PROBE, down=True)
    assert pauses[-1] > 90


def test_an_alarm_cuts_a_pause_short_but_a_flapping_one_does_not_cut_each() -> None:
    desk = Desk()
    desk.minute()
    desk.pauses(6, Send.PROBE, down=True)
    desk.fail(Send.PROBE, datagrams=1)
    desk.pacer.journaled(urgent=True)
    assert desk.pacer.step(desk.now_s).wait_s == 5
    desk.clock.advance(5)
    desk.pauses(4, Send.PROBE, down=True)
    desk.fail(Send.PROBE, datagrams=1)
    desk.pacer.journaled(urgent=True)
    assert desk.pacer.step(desk.now_s).wait_s == 40


def test_in_economy_an_outage_is_asked_about_no_more_often_than_minutes_go_unless_an_alarm_waits() -> None:
    desk = Desk(LinkConfig(mode="economy"))
    for _ in range(15):
        desk.minute()
    assert desk.next() is Send.ENTRIES
    assert desk.pauses(11, Send.PROBE, down=True)[-1] == 900
    desk.pacer.journaled(urgent=True)
    assert desk.pauses(8, Send.PROBE, down=True)[-1] == 40


def test_live_values_go_while_somebody_watches() -> None:
    desk = Desk()
    desk.minute()
    desk.all_sent(watching_s=60)
    desk.clock.advance(5)
    assert desk.next() is Send.LIVE
    desk.exchange(Send.LIVE, watching_s=2, minutes=0)
    desk.pacer.nothing_left()
    desk.clock.advance(5)
    assert desk.next() is Send.WAIT


def test_on_a_small_plan_who_watches_gets_minutes_at_once_and_live_values_are_counted_as_saved() -> None:
    desk = Desk(LinkConfig(monthly_mb=3))
    desk.minute()
    assert desk.next() is Send.WAIT
    desk.all_sent(watching_s=600)
    for _ in range(2):
        desk.minute()
        assert desk.next() is Send.ENTRIES
        desk.all_sent(watching_s=600)
    declined = desk.meter.usage.day(desk.meter.day).live_saved
    assert declined == 25 * round(desk.pacer.prices.live_bytes)


def test_when_only_the_reserve_is_left_minutes_wait_and_alarms_go() -> None:
    desk = Desk(LinkConfig(monthly_mb=3), used_bytes=2_950_000)
    for _ in range(200):
        desk.minute()
        assert desk.next() is Send.WAIT
    desk.pacer.journaled(urgent=True)
    assert desk.next() is Send.ENTRIES


def test_at_the_plans_end_nothing_goes_and_the_next_month_brings_it_all() -> None:
    desk = Desk(LinkConfig(monthly_mb=3), used_bytes=2_995_000)
    desk.minute()
    desk.pacer.journaled(urgent=True)
    assert desk.next() is Send.WAIT
    desk.clock.advance(30 * 86_400)
    assert desk.next() is Send.ENTRIES


def test_prices_are_learned_from_what_is_sent() -> None:
    desk = Desk(LinkConfig(mode="economy"))
    for _ in range(1000):
        desk.exchange(minutes=15)
    assert abs(desk.pacer.prices.minute_bytes - 2) < 0.05
    assert abs(desk.pacer.prices.exchange_bytes - (60 + 48 - 30)) < 1
    saved = desk.meter.usage.day(desk.meter.day).batching_saved
    assert 14 * 77 * 900 < saved < 14 * 101 * 1001
