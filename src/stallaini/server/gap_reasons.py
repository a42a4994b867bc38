"""Why minutes are missing, for many gaps and many events at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from stallaini.link.messages import Event
from stallaini.server.queries import Gap, gap_reason, said_at_s

# These name their stretch themselves and may be noted any time later; the others explain what is near them.
_NAMING_A_STRETCH = (
    "journal.dropped",
    "entries.lost",
    "minute.refused",
    "journal.recovered",
    "journal.renewed",
)
_NEAR = ("edge.started", "clock.stepped")
_NEAR_S = 600


def gap_reasons(gaps: Sequence[Gap], events: Sequence[Event]) -> list[str | None]:
    """The reason of each gap, or None; each gap is held only against the events that can matter to it."""
    stretches = [event for event in events if event.kind in _NAMING_A_STRETCH]
    near = sorted((event for event in events if event.kind in _NEAR), key=said_at_s)
    reasons = []
    for gap in gaps:
        first = bisect_left(near, gap.start_minute * 60, key=said_at_s)
        last = bisect_left(near, gap.end_minute * 60 + _NEAR_S, key=said_at_s)
        reasons.append(gap_reason(gap, [*stretches, *near[first:last]]))
    return reasons
