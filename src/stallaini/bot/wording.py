"""Numbers, ages and instants as people of one language write them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from stallaini.bot.texts import Texts

MINUS = "−"
_BAR_CELLS = 10
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


@dataclass(frozen=True)
class Span:
    """A length of time back from now, as people ask for it: a count of hours or of days."""

    count: int
    unit: str

    @property
    def length(self) -> timedelta:
        """The span as a duration; a day is 24 hours here."""
        return timedelta(days=self.count) if self.unit == "d" else timedelta(hours=self.count)

    @property
    def code(self) -> str:
        """The short form that `read_span` understands: `3h`, `30d`."""
        return f"{self.count}{self.unit}"

    def said(self, texts: Texts) -> str:
        """The span in words: `3 h`, `30 days`, `1 year`."""
        if self.count >= _YEAR_DAYS and self.unit == "d":
            return texts.year
        hours = self._hours
        return f"{hours} {texts.hour_unit}" if hours else texts.some_days.format(count=self.count)

    def back(self, texts: Texts) -> str:
        """The span as it reaches back: `last 3 h`."""
        if self.count >= _YEAR_DAYS and self.unit == "d":
            return texts.last_year
        hours = self._hours
        return texts.last_hours.format(count=hours) if hours else texts.last_days.format(count=self.count)

    @property
    def _hours(self) -> int | None:
        """The hours of a span told in hours; one day is told as 24 of them, which spares a singular."""
        if self.unit == "h":
            return self.count
        return 24 if self.count == 1 else None


_SPAN = re.compile(r"(?P<count>\d{1,4})\s*(?P<unit>h|ore|ora|hours?|d|g|days?|giorni|giorno)", re.IGNORECASE)
_YEAR_DAYS = 365
_LONGEST = timedelta(days=366)


def read_span(text: str) -> Span | None:
    """The span in `text` (`3h`, `2 days`, `30 giorni`), or None when it is none or longer than a year."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        return None
    unit = "h" if match["unit"].lower() in ("h", "ore", "ora", "hour", "hours") else "d"
    span = Span(int(match["count"]), unit)
    return span if timedelta(0) < span.length <= _LONGEST else None


def number(value: float, digits: int, texts: Texts) -> str:
    """`value` rounded to `digits` decimals, with the language's marks and a true minus sign."""
    plain = f"{abs(value):,.{digits}f}"
    sign = MINUS if value < 0 and any(c in "123456789" for c in plain) else ""
    marks = str.maketrans({",": texts.thousands_mark, ".": texts.decimal_mark})
    return sign + plain.translate(marks)


def age(seconds: float, texts: Texts) -> str:
    """A duration in its two most telling units: `48 s`, `12 min`, `3 h 5 min`, `9 d 4 h`."""
    whole = max(0, int(seconds))
    if whole < 2 * _MINUTE_S:
        return f"{whole} {texts.second_unit}"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} {texts.minute_unit}"
    if whole < 2 * _DAY_S:
        return _two(whole // _HOUR_S, texts.hour_unit, whole % _HOUR_S // _MINUTE_S, texts.minute_unit)
    return _two(whole // _DAY_S, texts.day_unit, whole % _DAY_S // _HOUR_S, texts.hour_unit)


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")


def size(size_bytes: float, texts: Texts) -> str:
    """Bytes as data plans count them: `820 B`, `41 kB`, `3.4 MB`, `200 MB`."""
    if size_bytes < 1000:
        return f"{number(size_bytes, 0, texts)} B"
    if size_bytes < 1e6:
        return f"{number(size_bytes / 1e3, 0, texts)} kB"
    return f"{number(size_bytes / 1e6, 1 if size_bytes < 1e8 else 0, texts)} MB"


def day_and_time(instant: datetime, texts: Texts) -> str:
    """`Mon 23 Nov 08:14`; the instant must already be in the site's zone."""
    return f"{day(instant, texts)} {instant:%H:%M}"


def day(instant: datetime, texts: Texts) -> str:
    """`Mon 23 Nov`."""
    return f"{texts.weekdays[instant.weekday()]} {instant.day} {texts.months[instant.month - 1]}"


def date_with_year(instant: datetime, texts: Texts) -> str:
    """`23 Nov 2026`."""
    return f"{instant.day} {texts.months[instant.month - 1]} {instant.year}"


def bar(percent: float) -> str:
    """Ten cells, filled to `percent`; a bar is only empty or full at the very ends."""
    filled = round(percent / 100 * _BAR_CELLS)
    if 0 < percent < 100:
        filled = min(max(filled, 1), _BAR_CELLS - 1)
    filled = min(max(filled, 0), _BAR_CELLS)
    return "▰" * filled + "▱" * (_BAR_CELLS - filled)


def escape(text: str) -> str:
    """`text` made safe inside Telegram's HTML."""
    return html.escape(text, quote=False)
