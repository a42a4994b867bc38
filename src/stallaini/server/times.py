"""Times at the rim: ISO-8601 in UTC outwards, ISO-8601 with a zone inwards, Unix seconds inside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

# In a URL an unescaped + arrives as a blank.
_LOST_PLUS = re.compile(r"^(\S+T\S+) (\d\d:?\d\d)$")
# With room on both sides for zones and for stretches counted back from an end.
_FIRST_YEAR, _LAST_YEAR = 1969, 9000
_SCHEMA = {"type": "string", "format": "date-time", "example": "2026-11-16T08:30:00Z"}


def iso(unix_s: float) -> str:
    """Unix seconds as `2026-11-16T08:30:00Z`, milliseconds only where there are any."""
    moment = datetime.fromtimestamp(round(unix_s, 3), UTC)
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def iso_minute(minute: int) -> str:
    """The start of a minute (counted since 1970) as ISO-8601."""
    return iso(minute * 60)


def parse_instant(text: Any) -> int:
    """ISO-8601 with a zone as Unix seconds. Raises ValueError that shows a right one."""
    try:
        moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", str(text)))
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write it as 2026-11-16T08:30:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; write it in UTC as {text}Z")
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        raise ValueError(f"{text!r} is outside the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return int(moment.timestamp())


def _within_years(day: date) -> date:
    if not _FIRST_YEAR < day.year < _LAST_YEAR:
        raise ValueError(f"{day} is outside the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


Day = Annotated[date, AfterValidator(_within_years)]
"""A query parameter: a calendar day."""

Instant = Annotated[int, BeforeValidator(parse_instant), WithJsonSchema(_SCHEMA)]
"""A query parameter: a time, handed on as Unix seconds."""

IsoTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A field of an answer: ISO-8601 in UTC."""
