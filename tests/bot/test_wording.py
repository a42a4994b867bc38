"""Numbers, ages, spans and texts in both languages."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stallaini.bot
from stallaini.bot.asking import Button
from stallaini.bot.texts import EN, IT, Texts, texts_for
from stallaini.bot.wording import Span, age, bar, number, read_span, size

PLACEHOLDER = re.compile(r"\{(\w+)\}")
SOURCES = list(Path(stallaini.bot.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(
    ("value", "digits", "english", "italian"),
    [
        (1234.5, 1, "1,234.5", "1.234,5"),
        (-23.44, 1, "−23.4", "−23,4"),
        (-0.04, 1, "0.0", "0,0"),
        (-0.05001, 1, "−0.1", "−0,1"),
        (1_000_000, 0, "1,000,000", "1.000.000"),
    ],
)
def test_numbers_are_written_as_people_do(value: float, digits: int, english: str, italian: str) -> None:
    assert number(value, digits, EN) == english
    assert number(value, digits, IT) == italian


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11_520, "3 h 12 min"),
        (172_799, "47 h 59 min"),
        (172_800, "2 d"),
        (800_000, "9 d 6 h"),
    ],
)
def test_ages_are_told_in_their_two_telling_units(seconds: float, said: str) -> None:
    assert age(seconds, EN) == said


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3h", Span(3, "h")),
        ("3 hours", Span(3, "h")),
        ("2d", Span(2, "d")),
        ("2 giorni", Span(2, "d")),
        ("30 Days", Span(30, "d")),
        ("1 ora", Span(1, "h")),
        ("366d", Span(366, "d")),
        ("367d", None),
        ("0h", None),
        ("-3h", None),
        ("3", None),
        ("soon", None),
        ("", None),
    ],
)
def test_spans_are_read_in_both_languages(text: str, span: Span | None) -> None:
    assert read_span(text) == span


@given(st.integers(1, 366), st.sampled_from(["h", "d"]))
def test_a_span_survives_its_button(count: int, unit: str) -> None:
    span = Span(count, unit)
    assert read_span(span.code) == span
    assert Button("chart", "a-site-with-a-name-of-32-letters", span.code).fits()


def test_spans_are_told_in_both_languages() -> None:
    assert [Span(3, "h").back(EN), Span(3, "h").back(IT)] == ["last 3 h", "ultime 3 h"]
    assert [Span(2, "d").back(EN), Span(2, "d").back(IT)] == ["last 2 days", "ultimi 2 giorni"]
    assert Span(1, "d").back(EN) == "last 24 h"


@given(st.floats(0, 100))
def test_the_bar_is_full_or_empty_only_at_the_ends(percent: float) -> None:
    cells = bar(percent)
    assert len(cells) == 10
    assert ("▱" not in cells) == (percent == 100)
    assert ("▰" not in cells) == (percent == 0)


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 B"), (820, "820 B"), (41_300, "41 kB"), (3_410_000, "3,4 MB"), (200_000_000, "200 MB")],
)
def test_sizes_are_told_as_plans_count_them(size_bytes: int, said: str) -> None:
    assert size(size_bytes, IT) == said


def test_mappings_have_the_same_keys_in_both_languages() -> None:
    # What the site says itself in English has words in Italian alone.
    alike = [f.name for f in fields(Texts) if isinstance(getattr(EN, f.name), dict)]
    for name in set(alike) - {"items", "reasons"}:
        assert getattr(EN, name).keys() == getattr(IT, name).keys()


def test_languages_are_told_by_tag() -> None:
    assert texts_for("it") is texts_for("it-CH") is texts_for("IT") is IT
    assert texts_for("en-GB") is texts_for("de") is texts_for(None) is EN


@pytest.mark.parametrize("field", [field.name for field in fields(Texts)])
def test_both_languages_fill_the_same_blanks(field: str) -> None:
    english, italian = getattr(EN, field), getattr(IT, field)
    if isinstance(english, str):
        assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(italian))
        assert english.strip()
        assert italian.strip()


def test_no_text_is_left_over() -> None:
    code = "\n".join(path.read_text() for path in SOURCES if not path.name.startswith(("texts", "wordbook")))
    unused = [f.name for f in fields(Texts) if not re.search(rf"texts\.{f.name}\b|\"{f.name}\"", code)]
    assert unused == []
