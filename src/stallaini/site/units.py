"""Numbers with a unit, as people write them in a site file."""

from __future__ import annotations

import re

_DIMENSIONS: dict[str, dict[str, float]] = {
    "power": {"W": 1.0, "kW": 1e3, "MW": 1e6},
    "energy": {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6},
    "time": {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "data size": {
        "B": 1.0,
        "kB": 1e3,
        "MB": 1e6,
        "GB": 1e9,
        "KiB": 1024.0,
        "MiB": 1024.0**2,
        "GiB": 1024.0**3,
    },
    "voltage": {"mV": 1e-3, "V": 1.0, "kV": 1e3},
    "current": {"mA": 1e-3, "A": 1.0},
    "charge": {"mAh": 1e-3, "Ah": 1.0},
    "angle": {"deg": 1.0, "°": 1.0},
    "share": {"%": 1.0},
    "temperature": {"degC": 1.0, "°C": 1.0},
}

_BY_ENDING = {
    "w": "W", "kw": "kW", "wh": "Wh", "kwh": "kWh", "ms": "ms", "s": "s", "min": "min", "h": "h",
    "mb": "MB", "kb": "kB", "v": "V", "a": "A", "ah": "Ah", "deg": "deg", "pct": "%", "c": "degC",
}  # fmt: skip

_WRITTEN = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


class WrongUnit(ValueError):
    """The text has a unit of another dimension, or none, or is no number; `fitting` lists units that do."""

    def __init__(self, reason: str, fitting: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.fitting = fitting


def split_name(name: str) -> tuple[str, str]:
    """A key's stem and the unit its ending tells: `power_w` is ("power", "W"), `title` is ("title", "")."""
    stem, _, ending = name.rpartition("_")
    unit = _BY_ENDING.get(ending, "") if stem else ""
    return (stem, unit) if unit else (name, "")


def dimension(unit: str) -> str | None:
    """The dimension of a unit, None for an unknown one."""
    return next((name for name, units in _DIMENSIONS.items() if unit in units), None)


def fitting_units(unit: str) -> tuple[str, ...]:
    """Every unit that measures the same as `unit`."""
    name = dimension(unit)
    return tuple(_DIMENSIONS[name]) if name else ()


def convert(text: str, unit: str) -> float:
    """The number in `text` ("2.2 kW"), in `unit` ("W" gives 2200.0). Raises WrongUnit."""
    fitting = fitting_units(unit)
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise WrongUnit(f'"{text}" is not a number with a unit', fitting)
    number, written = match.groups()
    if not written:
        raise WrongUnit(f'"{text}" has no unit', fitting)
    if written not in fitting:
        raise WrongUnit(f'wrong unit: "{text}" is not in a unit of {dimension(unit)}', fitting)
    units = _DIMENSIONS[dimension(unit) or ""]
    return float(f"{float(number) * units[written] / units[unit]:.12g}")
