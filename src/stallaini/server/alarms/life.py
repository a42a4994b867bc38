"""The life of an alarm: what each thing that happens to it makes of it. Pure.

What an edge tells may come late and out of order; an alarm is one spell of trouble of one rule of one site,
however often its signal flaps meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Severity = Literal["info", "warning", "critical"]
State = Literal["raised", "acknowledged", "snoozed", "escalated", "cleared"]
Change = Literal[
    "raised", "cleared", "flapping", "stale", "fresh", "acknowledged", "snoozed", "woken", "escalated"
]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
RAISED, CLEARED, FLAPPING = "alarm.raised", "alarm.cleared", "alarm.flapping"
STALE, FRESH = "alarm.stale", "alarm.fresh"
KINDS = (RAISED, CLEARED, FLAPPING, STALE, FRESH)

REOPEN_S, FLAPPING_REOPEN_S = 600, 3600
_FLAPS = 3


class Word(NamedTuple):
    """What a journal says of a rule: Unix second, where it stands, and what the kind of event adds.

    `lasted_s` comes with a clearing, and with a word about a silent input: for how long it was silent.
    `times`, with a word about flapping, is how often it was raised within the last hour. `detail` is what a
    device says of it in its own words.
    """

    kind: str
    at_s: int
    journal: bytes
    seq: int
    value: float | None = None
    lasted_s: int | None = None
    times: int = 1
    detail: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule as the site describes it, with titles in both languages."""

    name: str
    severity: Severity
    title_en: str
    title_it: str
    channel: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Alarm:
    """One spell of trouble. Times are Unix seconds: `raised_s` and `cleared_s` the site's, the others ours.

    `count` is how often it was raised in this spell; `step` how many times it went on to the next people;
    `part` counts the messages that tell of it anew (after a snooze); `since_s` is when it was last left
    unattended; `version` grows with every change. `heard` is the newest word that was taken. `stale_s`: since
    then the site cannot tell whether the trouble still stands.
    """

    site: str
    id: str
    rule: Rule
    state: State
    raised_s: int
    since_s: int
    heard: tuple[int, bytes, int]
    value: float | None = None
    cleared_s: int | None = None
    count: int = 1
    acked_by: str | None = None
    acked_s: int | None = None
    snoozed_by: str | None = None
    snoozed_until_s: int | None = None
    step: int = 0
    part: int = 1
    version: int = 1
    detail: str = ""
    stale_s: int | None = None

    @property
    def open(self) -> bool:
        """Whether the trouble still stands."""
        return self.state != "cleared"

    @property
    def reopens_until_s(self) -> int | None:
        """Until when a raising belongs to this spell; None while it is open."""
        if self.cleared_s is None:
            return None
        return self.cleared_s + (REOPEN_S if self.count < _FLAPS else FLAPPING_REOPEN_S)


class Happened(NamedTuple):
    """An alarm after a change, and the change."""

    alarm: Alarm
    change: Change


def alarm_id(site: str, rule: str, journal: bytes, seq: int) -> str:
    """The id of the alarm that this word began: a server restored from a backup gives the same."""
    told = "\0".join((site, rule, journal.hex(), str(seq)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def is_late(alarm: Alarm, word: Word) -> bool:
    """Whether the word is older than what the alarm knows: by number in one journal, else by time."""
    at_s, journal, seq = alarm.heard
    return word.seq <= seq if word.journal == journal else word.at_s < at_s


def hear(site: str, rule: Rule, newest: Alarm | None, word: Word, now_s: int) -> Happened | None:
    """What a word makes of the rule's newest alarm, or the new one it begins; None: nothing changes.

    The word must not be late for `newest`; see `hear_late`.
    """
    if word.kind == CLEARED:
        return _cleared(site, rule, newest, word, now_s)
    if word.kind in (STALE, FRESH):
        return _doubted(newest, word)
    if newest is None or _over(newest, word):
        return Happened(_begun(site, rule, word, now_s), "raised")
    heard = (word.at_s, word.journal, word.seq)
    if word.kind == FLAPPING:
        return _changed(newest, "flapping", heard=heard, count=max(newest.count, word.times))
    if newest.open:
        return None
    return _changed(
        newest,
        "raised",
        heard=heard,
        count=newest.count + 1,
        state=_reopened_state(newest, now_s),
        value=word.value,
        detail=word.detail or newest.detail,
        stale_s=None,
        cleared_s=None,
        since_s=now_s,
    )


def hear_late(
    site: str, rule: Rule, covering: Alarm | None, before: Alarm | None, word: Word, now_s: int
) -> Happened | None:
    """What a word makes of the past: it tells nobody anything new about the present.

    `covering` is the alarm within whose spell it falls, `before` the last one that began before it.
    """
    if covering is not None or word.kind in (STALE, FRESH):
        return None
    if word.kind == CLEARED and before is not None and (before.cleared_s or 0) <= word.at_s:
        return _changed(before, "cleared", state="cleared", cleared_s=word.at_s)
    begun = _begun(site, rule, word, now_s)
    if word.kind == CLEARED:
        begun = replace(begun, raised_s=_began_s(word))
    return Happened(replace(begun, state="cleared", cleared_s=word.at_s), "cleared")


def acknowledge(alarm: Alarm, by: str, now_s: int) -> Happened | None:
    """Somebody takes care of it; a second acknowledgement changes nothing."""
    if alarm.acked_by is not None:
        return None
    state: State = "acknowledged" if alarm.open else "cleared"
    return _changed(alarm, "acknowledged", state=state, acked_by=by, acked_s=now_s, snoozed_until_s=None)


def snooze(alarm: Alarm, by: str, until_s: int, now_s: int) -> Happened | None:
    """Be silent until then; None for an alarm that is over."""
    if not alarm.open or until_s <= now_s:
        return None
    return _changed(alarm, "snoozed", state="snoozed", snoozed_by=by, snoozed_until_s=until_s)


def due(alarm: Alarm, now_s: int, escalate_after_s: int | None, last_step: int) -> Happened | None:
    """What time alone does: a snooze ends, or an alarm that nobody attends to goes on to the next people.

    `escalate_after_s` None: never; `last_step`: how many further groups of people there are.
    """
    if alarm.state == "snoozed" and alarm.snoozed_until_s is not None and now_s >= alarm.snoozed_until_s:
        return _changed(
            alarm,
            "woken",
            state="raised",
            snoozed_until_s=None,
            acked_by=None,
            acked_s=None,
            part=alarm.part + 1,
            since_s=now_s,
        )
    waits = alarm.state in ("raised", "escalated") and alarm.rule.severity != "info"
    if not waits or escalate_after_s is None or alarm.step >= last_step:
        return None
    if now_s < alarm.since_s + escalate_after_s:
        return None
    return _changed(alarm, "escalated", state="escalated", step=alarm.step + 1, since_s=now_s)


def _cleared(site: str, rule: Rule, newest: Alarm | None, word: Word, now_s: int) -> Happened | None:
    heard = (word.at_s, word.journal, word.seq)
    if newest is not None and newest.open:
        return _changed(newest, "cleared", state="cleared", cleared_s=word.at_s, stale_s=None, heard=heard)
    if newest is not None and _began_s(word) <= (newest.cleared_s or 0):
        return None
    # Its raising is still on the way, or was lost.
    begun = replace(_begun(site, rule, word, now_s), raised_s=_began_s(word))
    return Happened(replace(begun, state="cleared", cleared_s=word.at_s), "cleared")


def _doubted(newest: Alarm | None, word: Word) -> Happened | None:
    """Whether the trouble still stands is not known, or is known again; of what is over nothing is told."""
    if newest is None or not newest.open or (newest.stale_s is not None) == (word.kind == STALE):
        return None
    heard = (word.at_s, word.journal, word.seq)
    if word.kind == FRESH:
        return _changed(newest, "fresh", stale_s=None, heard=heard)
    return _changed(newest, "stale", stale_s=word.at_s - (word.lasted_s or 0), heard=heard)


def _begun(site: str, rule: Rule, word: Word, now_s: int) -> Alarm:
    return Alarm(
        site=site,
        id=alarm_id(site, rule.name, word.journal, word.seq),
        rule=rule,
        state="raised",
        raised_s=word.at_s,
        since_s=now_s,
        heard=(word.at_s, word.journal, word.seq),
        value=word.value,
        count=max(1, word.times),
        detail=word.detail,
    )


def _began_s(cleared: Word) -> int:
    return cleared.at_s - max(0, cleared.lasted_s or 0)


def _over(alarm: Alarm, word: Word) -> bool:
    """Whether a raising now is a new spell."""
    until_s = alarm.reopens_until_s
    return until_s is not None and word.at_s > until_s


def _reopened_state(alarm: Alarm, now_s: int) -> State:
    if alarm.snoozed_until_s is not None and alarm.snoozed_until_s > now_s:
        return "snoozed"
    if alarm.acked_by is not None:
        return "acknowledged"
    return "escalated" if alarm.step else "raised"


def _changed(alarm: Alarm, change: Change, **fields: object) -> Happened:
    changed: Alarm = replace(alarm, version=alarm.version + 1, **fields)  # type: ignore[arg-type]
    return Happened(changed, change)
