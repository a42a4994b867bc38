"""A scenario: which faults come when, as a file tells it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stallaini.errors import OperatorError
from stallaini.twin.faults.faults import check_fault
from stallaini.twin.faults.parts import Param

_CLOCK = re.compile(r"(?:(\d+)\s+days?\s+)?(\d+):([0-5]\d):([0-5]\d)")


@dataclass(frozen=True)
class Planned:
    """One fault to come: seconds after the start, seconds it lasts (None: until it is cleared)."""

    at_s: float
    fault: str
    for_s: float | None
    params: Mapping[str, Param]


class Scenario:
    """What is planned, in order of time."""

    def __init__(self, planned: Sequence[Planned] = ()) -> None:
        self._left = sorted(planned, key=lambda one: one.at_s)

    def due(self, elapsed_s: float) -> list[Planned]:
        """Those whose time has come since the last call."""
        due = [one for one in self._left if one.at_s <= elapsed_s]
        del self._left[: len(due)]
        return due


def parse_scenario(text: str) -> Scenario:
    """The scenario a file's text tells: `[[fault]]` tables with `at`, `name`, perhaps `for`, and parameters.

    Raises OperatorError that names the table and the fault in it.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"the scenario is no TOML: {error}") from error
    if set(raw) - {"fault"} or not isinstance(raw.get("fault", []), list):
        raise OperatorError("a scenario holds [[fault]] tables and nothing else")
    return Scenario([_planned(number, table) for number, table in enumerate(raw.get("fault", []), 1)])


def _planned(number: int, table: Mapping[str, Any]) -> Planned:
    params = dict(table)
    try:
        name = params.pop("name", None)
        if not isinstance(name, str):
            raise OperatorError("`name` is missing; it names the fault")
        if "at" not in params:
            raise OperatorError('`at` is missing; write seconds or "hh:mm:ss" after the start')
        at_s = _seconds("at", params.pop("at"))
        for_s = _seconds("for", params.pop("for")) if "for" in params else None
        return Planned(at_s, name, for_s, check_fault(name, params))
    except OperatorError as error:
        raise OperatorError(f"[[fault]] number {number}: {error}") from error


def _seconds(key: str, value: object) -> float:
    """Seconds, or "hh:mm:ss" (hours beyond 24, and "3 days hh:mm:ss" too)."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise OperatorError(f'`{key}` = {value!r} is no time; write seconds or "hh:mm:ss"')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
