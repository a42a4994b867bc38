"""The single-line diagram of a site: what makes, keeps, turns and uses energy, and what tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from stallaini.site.description import Description, DeviceSpec
from stallaini.site.diagram_svg import Drawing

Language = Literal["en", "it"]
Role = Literal["battery", "charger", "inverter", "teller"]

_ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "can_battery": "battery",
        "studer_variotrack": "charger",
        "studer_variostring": "charger",
        "studer_xtender": "inverter",
    }
)
# Kinds that tell of a battery, most often beside its own wire; alone they stand for it.
_BATTERY_TELLERS = ("pylontech_rs485", "studer_bms")

_WORDS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "array": {"en": "Solar array", "it": "Campo solare"},
        "input": {"en": "Generator", "it": "Generatore"},
        "input_note": {"en": "AC input", "it": "ingresso AC"},
        "inverter": {"en": "Inverter", "it": "Inverter"},
        "charger": {"en": "Solar charger", "it": "Regolatore solare"},
        "unwatched": {"en": "not watched", "it": "non osservato"},
        "house": {"en": "House", "it": "Casa"},
        "tellers": {"en": "Data", "it": "Dati"},
        "title": {"en": "Single-line diagram of {}", "it": "Schema unifilare di {}"},
    }
)

_STEP, _DC_STEP, _MARGIN = 152, 226, 24
_ARRAY_Y, _CHARGER_Y, _DC_Y, _INVERTER_Y, _AC_Y, _LOAD_Y = 66, 170, 254, 340, 424, 508


@dataclass(frozen=True)
class Extras:
    """What a site file knows beyond the description: the array in words, each device's wire by its name."""

    array: str = ""
    wires: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Parts:
    """The devices of a site by what they do."""

    batteries: tuple[DeviceSpec, ...]
    chargers: tuple[DeviceSpec, ...]
    inverters: tuple[DeviceSpec, ...]
    tellers: tuple[DeviceSpec, ...]


def diagram(description: Description, language: Language = "en", extras: Extras | None = None) -> str:
    """The diagram as an SVG document that follows the light or dark theme of whoever looks at it."""
    known = extras or Extras()
    parts = _parts(description.devices)
    sketch = _Sketch(description, parts, known, language)
    return sketch.drawn()


def _parts(devices: Sequence[DeviceSpec]) -> _Parts:
    roles: dict[Role, list[DeviceSpec]] = {"battery": [], "charger": [], "inverter": [], "teller": []}
    for device in devices:
        roles[_ROLES.get(device.kind, "teller")].append(device)
    if not roles["battery"]:
        stand_in = next((one for one in roles["teller"] if one.kind in _BATTERY_TELLERS), None)
        if stand_in is not None:
            roles["teller"].remove(stand_in)
            roles["battery"].append(stand_in)
    return _Parts(*(tuple(roles[role]) for role in ("battery", "charger", "inverter", "teller")))


class _Sketch:
    """One diagram being drawn, row by row from the sun down to the loads."""

    def __init__(self, description: Description, parts: _Parts, extras: Extras, language: Language) -> None:
        self._description, self._parts, self._extras = description, parts, extras
        self._language = language
        self._chargers = len(parts.chargers) or (1 if extras.array else 0)
        self._turns = bool(parts.inverters or description.loads)
        above = (self._chargers + len(parts.batteries)) * _DC_STEP
        middle = (len(parts.inverters) + 1) * _DC_STEP + _STEP
        below = max(len(description.loads) + 1, len(parts.tellers)) * _STEP
        self._width = 2 * _MARGIN + max(above, middle, below)
        self._draw = Drawing(self._word("title").format(description.title), self._width)

    def drawn(self) -> str:
        """The whole document."""
        self._dc_side()
        bottom: float = _DC_Y
        if self._turns:
            self._ac_side()
            bottom = _LOAD_Y + 34
        if self._parts.tellers:
            bottom = self._tellers(bottom + 62)
        return self._draw.document(bottom + 34)

    def _word(self, key: str) -> str:
        return _WORDS[key][self._language]

    def _wire(self, device: DeviceSpec) -> str:
        return self._extras.wires.get(device.name, "")

    def _power(self, power_w: float) -> str:
        text = f"{power_w:g} W" if power_w < 1000 else f"{power_w / 1000:.3g} kW"
        return text.replace(".", ",") if self._language == "it" else text

    def _places(self, count: int, step: float = _STEP) -> list[float]:
        """Centres of `count` things, spread around the middle."""
        first = self._width / 2 - (count - 1) * step / 2
        return [first + index * step for index in range(count)]

    def _dc_side(self) -> None:
        batteries = self._parts.batteries
        places = self._places(self._chargers + len(batteries), _DC_STEP)
        suns, stores = places[: self._chargers], places[self._chargers :]
        chargers: list[DeviceSpec | None] = [*self._parts.chargers] or [None] * self._chargers
        for index, (x, charger) in enumerate(zip(suns, chargers, strict=True)):
            self._sun(x, charger, self._extras.array if index == 0 else "")
        for x, battery in zip(stores, batteries, strict=True):
            self._draw.line(x, _CHARGER_Y, x, _DC_Y)
            self._draw.battery(x, _CHARGER_Y, battery.title, self._wire(battery))
        if places:
            self._bus(_DC_Y, "DC", [*places, self._width / 2])

    def _sun(self, x: float, charger: DeviceSpec | None, array: str) -> None:
        draw = self._draw
        draw.line(x, _ARRAY_Y, x, _DC_Y)
        draw.array(x, _ARRAY_Y, self._word("array"), array)
        if charger is None:
            self._unwatched(x, _CHARGER_Y, "==", "charger")
        else:
            draw.converter(x, _CHARGER_Y, "==", charger.title, self._wire(charger))

    def _ac_side(self) -> None:
        draw, inverters = self._draw, self._parts.inverters
        places = self._places(len(inverters) or 1, _DC_STEP)
        for x in places:
            draw.line(x, _DC_Y, x, _AC_Y)
        for x, inverter in zip(places, inverters, strict=False):
            draw.converter(x, _INVERTER_Y, "=~", inverter.title, self._wire(inverter), left=True)
        if inverters:
            self._input(places[-1])
        else:
            self._unwatched(places[0], _INVERTER_Y, "=~", "inverter")
        loads = [(load.title, self._power(load.power_w)) for load in self._description.loads]
        consumers = [(self._word("house"), ""), *loads]
        below = self._places(len(consumers))
        for x, (title, note) in zip(below, consumers, strict=True):
            draw.line(x, _AC_Y, x, _LOAD_Y)
            draw.load(x, _LOAD_Y, title, note)
        self._bus(_AC_Y, "AC", [*below, *places])

    def _unwatched(self, x: float, y: float, turns: str, name: str) -> None:
        """A converter that must be there and that nothing tells of."""
        self._draw.converter(x, y, turns, self._word(name), self._word("unwatched"), dashed=True)

    def _input(self, inverter_x: float) -> None:
        """What may feed the inverter from its AC input, to the right of it."""
        x = inverter_x + _STEP
        self._draw.line(inverter_x, _INVERTER_Y, x, _INVERTER_Y)
        self._draw.source(x, _INVERTER_Y, self._word("input"), self._word("input_note"))

    def _bus(self, y: float, name: str, joined: Sequence[float]) -> None:
        self._draw.bus(min(joined) - 34, max(joined) + 34, y, name)

    def _tellers(self, y: float) -> float:
        self._draw.heading(_MARGIN, y - 30, self._word("tellers"), self._width - _MARGIN)
        for x, device in zip(self._places(len(self._parts.tellers)), self._parts.tellers, strict=True):
            self._draw.teller(x, y, device.title, self._wire(device))
        return y + 22
