"""Times at the rim: ISO-8601 in UTC outwards, ISO-8601 with a zone inwards, Unix seconds inside."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

# In a URL an unescaped + arrives as a blank.
_LOST_PLUS = re.compile(r"^(\S+T\S+) (\d\d:?\d\d)$")
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
    return int(moment.timestamp())


Instant = Annotated[int, BeforeValidator(parse_instant), WithJsonSchema(_SCHEMA)]
"""A query parameter: a time, handed on as Unix seconds."""

IsoTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A field of an answer: ISO-8601 in UTC."""
