"""The governor: what the data plan allows now. Pure: the month's standing in, the decision out.

Four claims are served in this order from what is left of the plan: a reserve for alarms and commands; an
exchange every 110 s until the month ends, because commands come only in answers; a minute at a time,
first for who watches, then always; live values. Each is granted while those before it can still be had to
the month's end. Live values and immediacy may also not run more than a day ahead of the even pace.
"""

from __future__ import annotations

from typing import NamedTuple

from stallaini.site.config import Mode

MINUTE_S, ECONOMY_S, _LONGEST_S = 60.0, 900.0, 3600.0
COMMANDS_S = 110.0
"""How long a command may wait for the next exchange: two minutes less two repetitions of a lost message."""
_RESERVE_SHARE, _MOST_RESERVE_BYTES = 0.03, 250_000
# A first description in blocks, each sent five times: nothing we send takes more.
_WORST_BYTES = 10_000
_DAY_S = 86_400.0
_RETRY_S = 40.0


class Standing(NamedTuple):
    """Where a billing month stands: its plan, what is used of it, how long it has run and will run."""

    plan_bytes: int
    used_bytes: int
    elapsed_s: float
    left_s: float


class Prices(NamedTuple):
    """What things cost, both ways at the IP level: an exchange without content, a minute, a live message."""

    exchange_bytes: float
    minute_bytes: float
    live_bytes: float


class Allowance(NamedTuple):
    """What may be sent.

    `interval_s`: from one message to the next, None when minutes wait for the next month. `at_once`: who
    watches gets each minute at once. `live`: live values may go. `urgent`: alarms may go.
    """

    interval_s: float | None
    at_once: bool
    live: bool
    urgent: bool


class Governor:
    """Decides under one of the modes `auto`, `minute` and `economy`."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def allow(self, standing: Standing, prices: Prices) -> Allowance:
        """What the plan allows now."""
        spendable_bytes = _left_bytes(standing) - reserve_bytes(standing.plan_bytes)
        urgent = _urgent_room_bytes(standing) >= _WORST_BYTES
        interval_s = _interval_s(standing, prices) if urgent else None
        if self._mode == "economy" and interval_s is not None:
            return Allowance(max(ECONOMY_S, interval_s), at_once=False, live=False, urgent=urgent)
        commands_held = spendable_bytes - _WORST_BYTES >= _need_bytes(COMMANDS_S, standing.left_s, prices)
        minutes_held = spendable_bytes - _WORST_BYTES >= _need_bytes(MINUTE_S, standing.left_s, prices)
        ahead = _is_ahead(standing)
        if self._mode == "minute" and commands_held:
            interval_s = MINUTE_S
        at_once = interval_s == MINUTE_S or (commands_held and not ahead)
        return Allowance(interval_s, at_once=at_once, live=minutes_held and not ahead, urgent=urgent)


def reserve_bytes(plan_bytes: int) -> int:
    """What only alarms and commands may use."""
    return int(min(plan_bytes * _RESERVE_SHARE, _MOST_RESERVE_BYTES))


def longest_pause_s(standing: Standing, try_bytes: float) -> float:
    """The longest pause between two tries while nobody answers.

    40 s, so that a link that is back is noticed within two minutes even when a try is lost; more where
    such tries would run ahead of the pace that leaves the reserve (or, later, half of what is left of it)
    at the month's end.
    """
    left_bytes = _left_bytes(standing)
    room_bytes = max(left_bytes - reserve_bytes(standing.plan_bytes), left_bytes / 2, 1)
    return max(_RETRY_S, try_bytes * standing.left_s / room_bytes)


def _left_bytes(standing: Standing) -> int:
    return standing.plan_bytes - standing.used_bytes


def _urgent_room_bytes(standing: Standing) -> int:
    """What alarms may use: all that is left.

    Once others on the same interface have used more than the plan, which ours never does, an alarm's
    bytes no longer make the difference, and it goes.
    """
    left_bytes = _left_bytes(standing)
    return left_bytes if left_bytes >= 0 else reserve_bytes(standing.plan_bytes)


def _interval_s(standing: Standing, prices: Prices) -> float | None:
    """The shortest interval that what is left bears to the month's end; None when nothing is.

    The reserve is touched where it lets commands come in time until then: on a month's last days.
    """
    left_bytes, left_s = _left_bytes(standing), standing.left_s
    spendable_bytes = left_bytes - reserve_bytes(standing.plan_bytes)
    per_s = spendable_bytes / max(1.0, left_s) - prices.minute_bytes / MINUTE_S
    if per_s * COMMANDS_S >= prices.exchange_bytes:
        return max(MINUTE_S, prices.exchange_bytes / per_s)
    if left_bytes - _WORST_BYTES >= _need_bytes(COMMANDS_S, left_s, prices):
        return COMMANDS_S
    if spendable_bytes <= 0:
        return None
    return min(_LONGEST_S, prices.exchange_bytes / per_s) if per_s > 0 else _LONGEST_S


def _need_bytes(interval_s: float, left_s: float, prices: Prices) -> float:
    """What sending at this interval takes to the month's end."""
    return left_s * (prices.exchange_bytes / interval_s + prices.minute_bytes / MINUTE_S)


def _is_ahead(standing: Standing) -> bool:
    """Whether the month has used more than its even pace allows by a day from now."""
    length_s = standing.elapsed_s + standing.left_s
    even_bytes = (standing.elapsed_s + _DAY_S) / length_s * standing.plan_bytes
    return standing.used_bytes > even_bytes - reserve_bytes(standing.plan_bytes)
