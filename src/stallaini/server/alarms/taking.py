"""Events that tell of alarms, made into alarms in the transaction that stores the event."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from stallaini.link.messages import Event, Scalar
from stallaini.server.alarms import rows
from stallaini.server.alarms.life import (
    KINDS,
    SEVERITIES,
    STALE,
    Rule,
    Severity,
    Word,
    hear,
    hear_late,
    is_late,
)
from stallaini.site.alarms import alarm_specs
from stallaini.site.description import Description

_LONGEST_NAME = 64


def take_alarm(
    connection: sqlite3.Connection,
    site: str,
    event: Event,
    journal: bytes,
    seq: int,
    description: Description | None,
    now_s: int,
) -> None:
    """Let an event that was stored just now change its rule's alarm; any other event changes nothing.

    The caller sees to it that each event comes here once.
    """
    name = event.data.get("rule")
    if event.kind not in KINDS or not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        return
    word = _word(event, journal, seq)
    rule = _rule(name, event, description)
    newest = rows.newest_of(connection, site, name)
    if newest is not None and newest.open:
        # It keeps the words it was raised with.
        rule = newest.rule
    if newest is not None and is_late(newest, word):
        covering = rows.covering(connection, site, name, word)
        before = rows.before(connection, site, name, word.at_s)
        happened = hear_late(site, rule, covering, before, word, now_s)
    else:
        happened = hear(site, rule, newest, word, now_s)
    if happened is not None:
        rows.save(connection, happened, word.at_s)


def _word(event: Event, journal: bytes, seq: int) -> Word:
    return Word(
        event.kind,
        event.at_s,
        journal,
        seq,
        value=_number(event.data.get("value")),
        lasted_s=_whole(event.data.get("silent_s" if event.kind == STALE else "lasted_s")),
        times=max(1, _whole(event.data.get("count")) or 1),
        detail=str(event.data.get("text") or ""),
    )


def _rule(name: str, event: Event, description: Description | None) -> Rule:
    """The rule as the description has it; one that it lacks goes by its name and by what the event says."""
    spec = None if description is None else alarm_specs(description).get(name)
    said = _severity(event.data.get("severity"), "warning")
    plain = name.replace("_", " ")
    channel = event.data.get("channel")
    rule = Rule(name, said, plain, plain, channel if isinstance(channel, str) else "")
    if spec is None:
        return rule
    return replace(
        rule,
        severity=_severity(spec.severity, said),
        title_en=spec.title_en,
        title_it=spec.title_it,
        channel=spec.channel or rule.channel,
        unit=spec.unit,
    )


def _severity(said: Scalar, otherwise: Severity) -> Severity:
    return next((one for one in SEVERITIES if one == said), otherwise)


def _number(value: Scalar) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: Scalar) -> int | None:
    return int(value) if isinstance(value, int | float) else None
