"""One table of a site file against the keys it may have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stallaini.site.document import Document, dotted
from stallaini.site.faults import nearest, suggest
from stallaini.site.kinds import SettingKind, Value
from stallaini.site.lines import KeyPath
from stallaini.site.units import WrongUnit, convert, split_name

Values = dict[str, Value]


class _Refused(Exception):
    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason, self.fix = reason, fix


def unit_of(key: SettingKind) -> str:
    """The unit of a bare number under this key, "" for none."""
    return key.unit or (split_name(key.name)[1] if key.type in ("int", "float") else "")


def read_table(document: Document, path: KeyPath, raw: object, keys: Sequence[SettingKind]) -> Values:
    """The values of one table, with defaults; whatever is wrong goes to the document's faults."""
    if not isinstance(raw, dict):
        document.fault(
            path, f"`{dotted(path)}` must be a table", f"write [{dotted(path)}] and its keys below"
        )
        return {}
    values: Values = {key.name: key.default for key in keys if key.default is not None}
    by_written = _written_names(keys)
    seen: dict[str, str] = {}
    for name, value in raw.items():
        key = by_written.get(name)
        if key is None:
            meant = _meant(name, keys)
            document.fault((*path, name), *_unknown_key(name, meant, keys))
            seen.update({meant.name: name} if meant else {})
            continue
        if key.name in seen:
            reason = f"`{name}` and `{seen[key.name]}` say the same thing"
            document.fault((*path, name), f"duplicate name: {reason}", "keep one of the two")
            continue
        seen[key.name] = name
        try:
            values[key.name] = _value(key, name, value)
        except _Refused as refused:
            document.fault((*path, name), f"`{name}`: {refused.reason}", refused.fix)
    for key in keys:
        if key.required and key.name not in seen:
            document.missing((*path, key.name), f"add {key.name} = {_sample(key)}")
    return values


def _written_names(keys: Sequence[SettingKind]) -> dict[str, SettingKind]:
    """Keys by the names one may write: `power_w`, and `power` for a number that brings its unit."""
    names = {key.name: key for key in keys}
    for key in keys:
        if unit_of(key):
            names.setdefault(split_name(key.name)[0], key)
    return names


def _meant(name: str, keys: Sequence[SettingKind]) -> SettingKind | None:
    """The key that `name` names in another unit: `power_kw` means `power_w`."""
    stem, unit = split_name(name)
    return next((key for key in keys if unit and stem == split_name(key.name)[0]), None)


def _unknown_key(name: str, meant: SettingKind | None, keys: Sequence[SettingKind]) -> tuple[str, str]:
    if meant is not None:
        return f"wrong unit: unknown key `{name}`", f"write `{meant.name}` = a number in {unit_of(meant)}"
    return f"unknown key `{name}`", suggest(name, [key.name for key in keys], "key")


def _value(key: SettingKind, written: str, raw: object) -> Value:
    if key.type in ("int", "float"):
        return _number(key, written, raw)
    if key.type == "bool":
        if not isinstance(raw, bool):
            raise _Refused(f"impossible value {_shown(raw)}", "write true or false, without quotes")
        return raw
    return _text(key, raw)


def _text(key: SettingKind, raw: object) -> str:
    if not isinstance(raw, str):
        raise _Refused(f"must be text, not {_shown(raw)}", f"write {key.name} = {_sample(key)}")
    if not raw.strip():
        raise _Refused("is empty", f"write {key.name} = {_sample(key)}, or leave the key out")
    if not raw.isprintable():
        raise _Refused("has characters that cannot be shown", "write plain text on one line")
    if key.choices and raw not in key.choices:
        match = nearest(raw, key.choices)
        known = ", ".join(f'"{choice}"' for choice in key.choices)
        hint = f'did you mean "{match}"? ' if match else ""
        raise _Refused(f'impossible value "{raw}"', f"{hint}possible: {known}")
    return raw


def _number(key: SettingKind, written: str, raw: object) -> int | float:
    number = _in_unit(key, written, raw)
    if not math.isfinite(number):
        raise _Refused(f"impossible value {_shown(raw)}", _bounds(key))
    if (key.low is not None and number < key.low) or (key.high is not None and number > key.high):
        raise _Refused(f"impossible value {_shown(raw)}", _bounds(key))
    if key.type == "float":
        return number
    if number != int(number):
        raise _Refused(f"must be a whole number, not {_shown(raw)}", _bounds(key))
    return int(number)


def _in_unit(key: SettingKind, written: str, raw: object) -> float:
    unit = unit_of(key)
    if isinstance(raw, str) and unit:
        try:
            return convert(raw, unit)
        except WrongUnit as error:
            units = ", ".join(error.fitting)
            raise _Refused(
                str(error), f"units that do: {units}; or write {key.name} = a number in {unit}"
            ) from None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _Refused(f"must be a number, not {_shown(raw)}", _bounds(key))
    if written != key.name:
        raise _Refused("a number without a unit", f'write {key.name} = {raw}, or {written} = "{raw} {unit}"')
    try:
        return float(raw)
    except OverflowError:
        return math.inf


def _bounds(key: SettingKind) -> str:
    unit = f" {unit_of(key)}" if unit_of(key) else ""
    kind = "a whole number" if key.type == "int" else "a number"
    if key.low is not None and key.high is not None:
        return f"write {kind} from {key.low:g} to {key.high:g}{unit}"
    if key.low is not None:
        return f"write {kind} of at least {key.low:g}{unit}"
    return f"write {kind}{unit}"


def _sample(key: SettingKind) -> str:
    if key.type in ("int", "float"):
        return f"a number in {unit_of(key)}" if unit_of(key) else "a number"
    return "true or false" if key.type == "bool" else f'"{key.choices[0] if key.choices else "..."}"'


def _shown(raw: object) -> str:
    text = f'"{raw}"' if isinstance(raw, str) else str(raw).lower() if isinstance(raw, bool) else repr(raw)
    return text if len(text) <= 40 else text[:37] + "..."


def as_text(values: Mapping[str, Value], name: str, default: str = "") -> str:
    """A text value that the check has let through."""
    return str(values.get(name, default))


def as_number(values: Mapping[str, Value], name: str) -> float | None:
    """A number that the check has let through, None when the file has none."""
    value = values.get(name)
    return None if value is None else float(value)
