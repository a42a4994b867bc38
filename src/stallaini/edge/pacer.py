"""When to send what: the courier's decisions, with time handed in and no I/O."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import NamedTuple

from stallaini.edge.governor import COMMANDS_S, MINUTE_S, Allowance, Governor, Prices, longest_pause_s
from stallaini.edge.meter import Meter
from stallaini.link.accounting import shares_of
from stallaini.link.messages import Entry, Minute
from stallaini.site.config import LinkConfig

_FIRST_PAUSE_S, _URGENT_PAUSE_S, _URGENT_AGAIN_S = 2.0, 5.0, 600.0
_HALF_MINUTE_S = 30.0
# What is expected before anything is measured; a message's own head counts to the exchange.
_EXCHANGE_BYTES, _MINUTE_BYTES, _LIVE_BYTES_PER_CHANNEL, _HEAD_BYTES = 100.0, 3.0, 2.5, 8
_SLOW, _QUICK = 1 / 64, 1 / 8


class Send(enum.Enum):
    """What to do next: send entries, entries with live values, ask whether anybody answers, or wait."""

    ENTRIES = enum.auto()
    LIVE = enum.auto()
    PROBE = enum.auto()
    WAIT = enum.auto()


class Step(NamedTuple):
    """What to do, and for WAIT for how long unless something happens; None: until something happens."""

    send: Send
    wait_s: float | None = None


class Pacer:
    """Turns the governor's allowance, what waits and how the last tries went into the next step.

    Entries wait until enough minutes have gathered; an urgent one takes all with it at once. While nobody
    answers it asks with the smallest message there is, in growing pauses.
    """

    def __init__(self, link: LinkConfig, meter: Meter, channels: int, now_s: float) -> None:
        self._link = link
        self._meter = meter
        live_bytes = _EXCHANGE_BYTES + _LIVE_BYTES_PER_CHANNEL * channels
        self.prices = Prices(_EXCHANGE_BYTES, _MINUTE_BYTES, live_bytes)
        self._waiting = self._urgent = True
        self._draining = False
        self._sent_s = -math.inf
        self._live_sent_s = now_s - link.live_interval_s
        self._watched_until_s = self._asked_until_s = -math.inf
        self._down = False
        self._tried_s = self._cut_s = -math.inf
        self._pause_s = 0.0
        self._before_bytes = 0
        self.allowed = Governor(meter.mode).allow(meter.standing(), self.prices)
        """What the plan allowed at the last step."""

    # -- what happens

    def journaled(self, *, urgent: bool) -> None:
        """An entry waits."""
        self._waiting = True
        self._urgent = self._urgent or urgent

    def begins(self, send: Send, payload_bytes: int, entries: Sequence[Entry]) -> None:
        """A message is about to be sent."""
        self._before_bytes = self._meter.own_bytes
        if send is Send.PROBE:
            self._meter.carry({"retransmission": 1.0})
        elif send is Send.ENTRIES and not entries:  # it goes for the sake of its answer
            self._meter.carry({"commands": 1.0})
        else:
            self._meter.carry(shares_of(payload_bytes, entries))

    def nothing_left(self) -> None:
        """Everything is acknowledged."""
        self._waiting = self._urgent = self._draining = False
        self._pause_s = 0.0

    def live_for(self, seconds: float, now_s: float) -> None:
        """Live values are wanted for so long, whoever watches; 0 ends it."""
        self._want_live(now_s)
        self._asked_until_s = now_s + seconds

    def watching(self, watching_s: float, now_s: float) -> None:
        """An answer told that somebody watches for so long, 0: nobody."""
        self._want_live(now_s)
        self._watched_until_s = now_s + watching_s

    def forward(self, send: Send, payload_bytes: int, entries: Sequence[Entry], now_s: float) -> None:
        """The message was answered, and something came forward by it."""
        self._learn(send, payload_bytes, entries)
        self._down = False
        self._draining = True
        if send is not Send.PROBE:  # that a small one passes does not tell that the large ones will
            self._sent_s = now_s
            self._pause_s = 0.0
        if send is Send.LIVE:
            self._live_sent_s = now_s

    def stuck(self, now_s: float, *, down: bool) -> None:
        """No answer (`down`), or one that brought nothing forward: the next try comes after a pause."""
        self._down = down
        self._tried_s = now_s
        cost_bytes = self._meter.own_bytes - self._before_bytes
        longest_s = longest_pause_s(self._meter.standing(), cost_bytes)
        interval_s = self.interval_s(now_s)
        if interval_s > COMMANDS_S and not self._urgent:
            longest_s = max(longest_s, interval_s)
        self._pause_s = min(2 * self._pause_s if self._pause_s else _FIRST_PAUSE_S, longest_s)

    # -- what to do

    def step(self, now_s: float) -> Step:
        """What to do at monotonic `now_s`."""
        allowed = self.allowed = self._allowance()
        pause_s = self._pause_left_s(now_s)
        if pause_s > 0:
            return Step(Send.WAIT, pause_s)
        if not allowed.urgent or (allowed.interval_s is None and not self._urgent):
            return Step(Send.WAIT, MINUTE_S)
        live_in_s = self._live_in_s(now_s, allowed)
        entries_in_s = self._entries_in_s(now_s, allowed)
        if self._down and self._waiting:
            return Step(Send.PROBE)
        if live_in_s == 0:
            return Step(Send.LIVE)
        if entries_in_s == 0:
            return Step(Send.ENTRIES)
        return Step(Send.WAIT, min((s for s in (live_in_s, entries_in_s) if s is not None), default=None))

    @property
    def holds_minutes(self) -> bool:
        """Whether minutes wait for the next month, and events pass them."""
        return self.allowed.interval_s is None

    def interval_s(self, now_s: float) -> float:
        """From one message to the next; 0 when minutes wait for the next month."""
        return self._interval_s(now_s, self.allowed) or 0.0

    def watched(self, now_s: float) -> bool:
        """Whether somebody watches, as far as the last answer told."""
        return now_s < self._watched_until_s

    @property
    def live_bytes_per_min(self) -> float:
        """The price of live values."""
        return self.prices.live_bytes * MINUTE_S / self._link.live_interval_s

    # -- inside

    def _allowance(self) -> Allowance:
        return Governor(self._meter.mode).allow(self._meter.standing(), self.prices)

    def _live_wanted(self, now_s: float) -> bool:
        if self._link.live == "always" or now_s < self._asked_until_s:
            return True
        return self._link.live == "watched" and self.watched(now_s)

    def _want_live(self, now_s: float) -> None:
        """Live values may be wanted from now on: what was not wanted until now was not declined."""
        if not self._live_wanted(now_s):
            self._live_sent_s = max(self._live_sent_s, now_s - self._link.live_interval_s)

    def _pause_left_s(self, now_s: float) -> float:
        """Seconds until the next try; something urgent cuts one pause in ten minutes short."""
        if not self._pause_s:
            return 0.0
        if self._urgent and self._pause_s > _URGENT_PAUSE_S and now_s - self._cut_s >= _URGENT_AGAIN_S:
            self._cut_s = now_s
            self._pause_s = _URGENT_PAUSE_S
        return max(0.0, self._tried_s + self._pause_s - now_s)

    def _interval_s(self, now_s: float, allowed: Allowance) -> float | None:
        return MINUTE_S if self.watched(now_s) and allowed.at_once else allowed.interval_s

    def _entries_in_s(self, now_s: float, allowed: Allowance) -> float | None:
        """Seconds until what waits is due; None: nothing waits, or not for this month."""
        if self._urgent or self._draining:
            return 0.0
        interval_s = self._interval_s(now_s, allowed)
        if not self._waiting or interval_s is None:
            return None
        if interval_s <= MINUTE_S:
            return 0.0
        due_s = self._sent_s + interval_s
        # Minutes end on the minute, answers come a moment later: half a minute early is the minute meant.
        early_s = 0.0 if interval_s % MINUTE_S else _HALF_MINUTE_S
        return 0.0 if now_s >= due_s - early_s else due_s - now_s

    def _live_in_s(self, now_s: float, allowed: Allowance) -> float | None:
        """Seconds until live values are due; None: nobody wants them, or the plan declines them."""
        if not self._live_wanted(now_s):
            return None
        due_s = self._live_sent_s + self._link.live_interval_s
        if allowed.live:
            return max(0.0, due_s - now_s)
        declined = math.floor(max(0.0, now_s - self._live_sent_s) / self._link.live_interval_s)
        self._live_sent_s += declined * self._link.live_interval_s
        self._meter.saved(live_bytes=declined * self.prices.live_bytes)
        return None

    def _learn(self, send: Send, payload_bytes: int, entries: Sequence[Entry]) -> None:
        """Take what was sent into the prices, and note what was saved by sending minutes together."""
        cost_bytes = self._meter.own_bytes - self._before_bytes
        exchange, minute, live = self.prices
        minutes = sum(isinstance(entry.body, Minute) for entry in entries)
        together = min(minutes, (self.allowed.interval_s or MINUTE_S) / MINUTE_S)
        self._meter.saved(batching_bytes=max(0, together - 1) * exchange)
        if not cost_bytes or minutes < len(entries):
            return
        if send is Send.LIVE:
            live += _QUICK * (cost_bytes - live)
        else:
            minute += _SLOW * (max(0, payload_bytes - _HEAD_BYTES) / minutes - minute) if minutes else 0
            exchange += _SLOW * (cost_bytes - minutes * minute - exchange)
        self.prices = Prices(exchange, minute, live)
