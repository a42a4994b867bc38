"""Faults on demand: begun and ended while the twin runs, by hand, by a scenario or by a test."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from stallaini.clock import Clock
from stallaini.errors import OperatorError
from stallaini.twin.faults.kinds import FAULTS
from stallaini.twin.faults.parts import FaultKind, Param, Parts, Undo


class Faults:
    """The faults of one running twin."""

    def __init__(self, parts: Parts, clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._standing: dict[str, tuple[float | None, Undo]] = {}

    def begin(self, name: str, params: Mapping[str, Any], for_s: float | None = None) -> None:
        """Begin a fault, for some seconds or until `end`; one that stands begins anew.

        Raises OperatorError: no such fault, wrong parameters, or this twin has not the part that fails.
        """
        checked = check_fault(name, params)
        self.end(name)
        undo = FAULTS[name].begin(self._parts, checked)
        if undo is not None:
            end_s = None if for_s is None else self._clock.monotonic_s() + for_s
            self._standing[name] = end_s, undo

    def end(self, name: str) -> None:
        """End a fault; one that does not stand needs nothing. Raises OperatorError: no such fault."""
        _kind(name)
        _, undo = self._standing.pop(name, (None, None))
        if undo is not None:
            undo()

    def tick(self) -> None:
        """End those whose time is over."""
        now_s = self._clock.monotonic_s()
        for name, (end_s, _) in list(self._standing.items()):
            if end_s is not None and end_s <= now_s:
                self.end(name)

    def standing(self) -> dict[str, float | None]:
        """What stands now, and for how many seconds more (None: until it is ended)."""
        now_s = self._clock.monotonic_s()
        return {
            name: None if end_s is None else round(max(0.0, end_s - now_s), 1)
            for name, (end_s, _) in self._standing.items()
        }


def check_fault(name: str, params: Mapping[str, Any]) -> dict[str, Param]:
    """All parameters of that fault, by default where not given. Raises OperatorError: which one is wrong."""
    kind = _kind(name)
    unknown = set(params) - set(kind.params)
    if unknown:
        takes = ", ".join(kind.params) or "nothing"
        raise OperatorError(f"{name} has no parameter {sorted(unknown)[0]!r}; it takes {takes}")
    return {key: _value(kind, key, params.get(key, default)) for key, default in kind.params.items()}


def params_of(words: Sequence[str]) -> dict[str, str]:
    """The parameters in words such as `share=0.1`. Raises OperatorError when one has no `=`."""
    split = [word.partition("=") for word in words]
    for key, equals, _ in split:
        if not equals or not key:
            raise OperatorError(f"{key!r} is no parameter; write them as name=value")
    return {key: value for key, _, value in split}


def _kind(name: str) -> FaultKind:
    if name not in FAULTS:
        near = difflib.get_close_matches(name, FAULTS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FAULTS)}"
        raise OperatorError(f"no fault {name!r}; {hint}")
    return FAULTS[name]


def _value(kind: FaultKind, key: str, value: object) -> Param:
    if isinstance(kind.params[key], str):
        choices = kind.choices.get(key)
        if not isinstance(value, str) or (choices and value not in choices):
            raise OperatorError(
                f"{kind.name}: {key} = {value!r} is none; give {', '.join(choices or ('a text',))}"
            )
        return value
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    raise OperatorError(f"{kind.name}: {key} = {value!r} is no number")
