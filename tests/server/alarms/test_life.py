"""What becomes of an alarm, word by word, in order and out of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stallaini.server.alarms.life import (
    CLEARED,
    FLAPPING,
    FRESH,
    RAISED,
    STALE,
    Alarm,
    Rule,
    Word,
    acknowledge,
    due,
    hear,
    hear_late,
    is_late,
    snooze,
)

RULE = Rule("soc_low", "warning", "Battery low", "Batteria bassa", "battery.soc", "%")
JOURNAL, NEW_JOURNAL = b"journal1", b"journal2"


def word(kind: str, at_s: int, seq: int, lasted_s: int | None = None, times: int = 1) -> Word:
    return Word(kind, at_s, JOURNAL, seq, 19.5, lasted_s, times)


def told(*words: Word) -> Alarm:
    """The alarm after words in their order."""
    alarm: Alarm | None = None
    for each in words:
        happened = hear("lab", RULE, alarm, each, each.at_s)
        alarm = alarm if happened is None else happened.alarm
    assert alarm is not None
    return alarm


def test_raised_and_cleared() -> None:
    alarm = told(word(RAISED, 1000, 1), word(CLEARED, 1300, 2, 300))
    assert (alarm.state, alarm.raised_s, alarm.cleared_s, alarm.count) == ("cleared", 1000, 1300, 1)


def test_raised_again_soon_is_the_same_spell_and_much_later_a_new_one() -> None:
    spell = told(word(RAISED, 1000, 1), word(CLEARED, 1300, 2), word(RAISED, 1900, 3))
    assert (spell.state, spell.raised_s, spell.cleared_s, spell.count) == ("raised", 1000, None, 2)
    new = told(word(RAISED, 1000, 1), word(CLEARED, 1300, 2), word(RAISED, 1901, 3))
    assert (new.state, new.raised_s, new.count) == ("raised", 1901, 1)
    assert new.id != spell.id


def test_what_flaps_stays_one_spell_for_an_hour() -> None:
    flaps = [word(kind, 1000 + 60 * n, n) for n, kind in enumerate([RAISED, CLEARED] * 3)]
    alarm = told(*flaps, word(RAISED, 1300 + 3600, 9))
    assert (alarm.count, alarm.raised_s) == (4, 1000)


def test_a_word_about_flapping_brings_the_count() -> None:
    alarm = told(word(RAISED, 1000, 1), word(FLAPPING, 1060, 2, times=30), word(FLAPPING, 1120, 3, times=58))
    assert (alarm.state, alarm.count, alarm.version) == ("raised", 58, 3)


def test_an_acknowledged_alarm_that_flaps_stays_acknowledged() -> None:
    alarm = told(word(RAISED, 1000, 1))
    acked = acknowledge(alarm, "anna", 1010)
    assert acked is not None
    assert acknowledge(acked.alarm, "bruno", 1020) is None
    cleared = hear("lab", RULE, acked.alarm, word(CLEARED, 1100, 2), 1100)
    assert cleared is not None
    again = hear("lab", RULE, cleared.alarm, word(RAISED, 1200, 3), 1200)
    assert again is not None
    assert (again.alarm.state, again.alarm.acked_by) == ("acknowledged", "anna")


def test_a_clearing_without_a_raising_tells_the_whole_spell() -> None:
    happened = hear("lab", RULE, None, word(CLEARED, 1300, 2, 300), 5000)
    assert happened is not None
    alarm = happened.alarm
    assert (alarm.state, alarm.raised_s, alarm.cleared_s) == ("cleared", 1000, 1300)
    late = word(RAISED, 1000, 1)
    assert is_late(alarm, late)
    assert hear_late("lab", RULE, alarm, alarm, late, 6000) is None


def test_a_spell_that_comes_after_the_newer_one_is_history() -> None:
    newest = told(word(RAISED, 9000, 7))
    begun = hear_late("lab", RULE, None, None, word(RAISED, 1000, 1), 9100)
    assert begun is not None
    assert (begun.alarm.state, begun.alarm.raised_s) == ("cleared", 1000)
    ended = hear_late("lab", RULE, None, begun.alarm, word(CLEARED, 1300, 2, 300), 9100)
    assert ended is not None
    assert (ended.alarm.id, ended.alarm.cleared_s) == (begun.alarm.id, 1300)
    assert newest.open


def test_a_clock_set_back_does_not_make_the_next_word_late() -> None:
    alarm = told(word(RAISED, 9000, 7))
    assert not is_late(alarm, word(CLEARED, 5400, 8))
    assert is_late(alarm, Word(CLEARED, 5400, NEW_JOURNAL, 1))


def test_a_snooze_ends_and_the_alarm_is_told_anew() -> None:
    alarm = told(word(RAISED, 1000, 1))
    snoozed = snooze(alarm, "anna", 4600, 1010)
    assert snoozed is not None
    assert due(snoozed.alarm, 4599, 900, 3) is None
    woken = due(snoozed.alarm, 4600, 900, 3)
    assert woken is not None
    assert (woken.change, woken.alarm.state, woken.alarm.part) == ("woken", "raised", 2)
    over = hear("lab", RULE, alarm, word(CLEARED, 1020, 2), 1020)
    assert over is not None
    assert snooze(over.alarm, "anna", 4600, 1030) is None


def test_nobody_attends_to_it_so_the_next_are_told_until_there_is_nobody_left() -> None:
    alarm = told(word(RAISED, 1000, 1))
    assert due(alarm, 1899, 900, 2) is None
    first = due(alarm, 1900, 900, 2)
    assert first is not None
    assert (first.alarm.state, first.alarm.step) == ("escalated", 1)
    assert due(first.alarm, 2799, 900, 2) is None
    second = due(first.alarm, 2800, 900, 2)
    assert second is not None
    assert due(second.alarm, 99_999, 900, 2) is None
    assert due(alarm, 99_999, None, 2) is None
    info = replace(alarm, rule=replace(RULE, severity="info"))
    assert due(info, 99_999, 900, 2) is None


def test_what_cannot_be_judged_any_more_is_said_and_never_clears() -> None:
    alarm = told(word(RAISED, 1000, 1), word(STALE, 1700, 2, 300))
    assert (alarm.state, alarm.stale_s) == ("raised", 1400)
    assert told(word(RAISED, 1000, 1), word(STALE, 1700, 2, 300), word(FRESH, 1800, 3)).stale_s is None
    over = word(CLEARED, 1900, 3)
    assert told(word(RAISED, 1000, 1), word(STALE, 1700, 2, 300), over).stale_s is None
    assert hear("lab", RULE, None, word(STALE, 1700, 2), 1700) is None


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=30))
def test_the_last_word_decides_whether_it_stands(pauses_s: list[int]) -> None:
    at_s, words = 1000, []
    for number, pause_s in enumerate(pauses_s):
        at_s += pause_s
        words.append(word(CLEARED if number % 2 else RAISED, at_s, number, pause_s))
    alarm = told(*words)
    assert alarm.open == (len(pauses_s) % 2 == 1)
    assert alarm.raised_s <= at_s
    assert alarm.count <= (len(pauses_s) + 1) // 2
