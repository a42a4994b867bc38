"""From the bytes of a frame to readings: pure, for every profile the same engine."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from stallaini.devices.can_battery.profile import (
    NUMBER_BYTES,
    NUMBER_FORMATS,
    Layout,
    Number,
    Profile,
    Text,
    fields,
    is_printable,
)

Value = float | bool | None

_MEMO_FRAMES = 4096
_TWO_BITS: tuple[bool | None, ...] = (None, True, False, None)


class Decoded(NamedTuple):
    """What one frame says. All dictionaries are shared between equal frames: read them, never change them.

    `readings` values are in their quantity's unit, True/False, or None where the battery does not report
    it. `rejected` holds values outside their gate. `title` is None for an id the profile does not know.
    `current` and `limit` are the current and the highest current limit in this frame, if any, in A.
    """

    title: str | None
    readings: dict[str, Value]
    texts: dict[str, str]
    rejected: dict[str, float]
    current: float | None
    limit: float | None


_UNKNOWN = Decoded(None, {}, {}, {}, None, None)

_Step = Callable[[bytes, dict[str, Value], dict[str, float]], None]


class Decoder:
    """Decodes the frames of one battery. Readings are named `<prefix>.<field>`.

    Remembers two things: frames seen before (their meaning cannot change), and the highest current limit
    named so far, against which the current is judged.
    """

    def __init__(self, profile: Profile, prefix: str = "battery") -> None:
        self.profile = profile
        self._prefix = prefix + "."
        self._plans: dict[tuple[int, int, int], _Plan] = {}
        self._memo: dict[tuple[int, bytes], Decoded] = {}
        self._factor = profile.current_over_limit
        self._highest_limit_a = 0.0

    def decode(self, can_id: int, data: bytes) -> Decoded:
        """What the data frame `can_id` (11 bit) with 0 to 8 bytes says. Never raises, whatever the bytes."""
        decoded = self._memo.get((can_id, data))
        if decoded is None:
            decoded = self._interpret(can_id, data)
            if len(self._memo) >= _MEMO_FRAMES:
                self._memo.clear()
            self._memo[can_id, data] = decoded
        if decoded.limit is not None and decoded.limit > self._highest_limit_a:
            self._highest_limit_a = decoded.limit
        if decoded.current is not None and self._factor is not None:
            bound = self._factor * self._highest_limit_a
            if bound > 0 and abs(decoded.current) > bound:
                return self._without_current(decoded)
        return decoded

    def forget_limits(self) -> None:
        """Judge the current against limits named from now on: for a battery that was exchanged."""
        self._highest_limit_a = 0.0

    def _without_current(self, decoded: Decoded) -> Decoded:
        name = self._prefix + "current"
        readings = {field: value for field, value in decoded.readings.items() if field != name}
        rejected = {**decoded.rejected, name: decoded.current or 0.0}
        return decoded._replace(readings=readings, rejected=rejected, current=None)

    def _interpret(self, can_id: int, data: bytes) -> Decoded:
        for position, layout in enumerate(self.profile.layouts.get(can_id, ())):
            if layout.when is None or layout.when.holds(data):
                key = (can_id, position, len(data))
                plan = self._plans.get(key)
                if plan is None:
                    plan = self._plans[key] = _Plan(layout, self.profile, self._prefix, len(data))
                return plan.decode(data)
        return _UNKNOWN


class _Plan:
    """A layout made ready for frames of one length: a field exists if its bytes exist."""

    def __init__(self, layout: Layout, profile: Profile, prefix: str, length: int) -> None:
        self._title = layout.title
        self._steps: list[_Step] = []
        self._bits: list[tuple[str, int, int]] = []
        self._pairs: list[tuple[str, int, int]] = []
        for number in layout.numbers:
            if number.at + NUMBER_BYTES[number.type] <= length:
                self._steps.append(_number_step(number, _fine_owner(layout), profile, prefix, length))
        for flag in layout.flags:
            if flag.at < length and flag.bit is not None:
                self._bits.append((prefix + flag.field, flag.at, 1 << flag.bit))
            elif flag.at < length and flag.on is not None:
                self._steps.append(_byte_flag_step(prefix + flag.field, flag.at, flag.on))
        for states in layout.states:
            self._pairs += [
                (prefix + field, at, shift) for field, at, shift in states.fields() if at < length
            ]
        self._texts = [(prefix + text.name, text) for text in layout.texts if text.at < length]
        self._ordered = [(prefix + low, prefix + high) for low, high in layout.ordered]
        self._current = prefix + "current"
        self._limits = (prefix + "charge_current_limit", prefix + "discharge_current_limit")

    def decode(self, data: bytes) -> Decoded:
        readings: dict[str, Value] = {}
        rejected: dict[str, float] = {}
        for step in self._steps:
            step(data, readings, rejected)
        for name, at, mask in self._bits:
            readings[name] = data[at] & mask != 0
        for name, at, shift in self._pairs:
            readings[name] = _TWO_BITS[data[at] >> shift & 3]
        for low, high in self._ordered:
            _put_in_order(readings, low, high)
        texts = {name: words for name, text in self._texts if (words := read_text(text, data))}
        limits = [limit for name in self._limits if (limit := readings.get(name)) is not None]
        limit = max(limits) if limits else None
        return Decoded(self._title, readings, texts, rejected, readings.get(self._current), limit)


def _fine_owner(layout: Layout) -> Number | None:
    return next((number for number in layout.numbers if number.fine), None)


def _number_step(
    number: Number, fine_owner: Number | None, profile: Profile, prefix: str, length: int
) -> _Step:
    plain = _plain_step(number, profile, prefix)
    if number.fine is not None and number.fine.at + NUMBER_BYTES[number.fine.type] <= length:
        return _with_fine(number, plain, profile, prefix)
    if number.beside_fine:
        return _beside_fine(plain, fine_owner, profile)
    return plain


def _plain_step(number: Number, profile: Profile, prefix: str) -> _Step:
    code, sentinel = NUMBER_FORMATS[number.type]
    unpack, at, name = struct.Struct(code).unpack_from, number.at, prefix + number.field
    scales, offset, digits = number.scales, number.offset, _digits(number.field)
    low, high = profile.gate(number.field)
    absolute, zero_is_missing = number.absolute, number.zero_is_missing

    def step(data: bytes, readings: dict[str, Value], rejected: dict[str, float]) -> None:
        (raw,) = unpack(data, at)
        if raw == sentinel or (zero_is_missing and raw == 0):
            readings[name] = None
            return
        if absolute:
            raw = abs(raw)
        for scale in scales:
            value = round(raw * scale + offset, digits)
            if low <= value <= high:
                readings[name] = value
                return
        rejected[name] = round(raw * scales[0] + offset, digits)

    return step


def _fine_value(number: Number, profile: Profile) -> Callable[[bytes], float | None]:
    """A function that gives the fine value of `number` where it can be believed; zero means not filled."""
    assert number.fine is not None
    fine = number.fine
    code, sentinel = NUMBER_FORMATS[fine.type]
    coarse_unpack = struct.Struct(NUMBER_FORMATS[number.type][0]).unpack_from
    unpack = struct.Struct(code).unpack_from
    digits, (low, high), coarse_scale = _digits(number.field), profile.gate(number.field), number.scales[0]

    def value(data: bytes) -> float | None:
        (raw,) = unpack(data, fine.at)
        (coarse_raw,) = coarse_unpack(data, number.at)
        found: float = round(raw * fine.scale, digits)
        near = abs(found - coarse_raw * coarse_scale) <= fine.within
        return found if raw not in (0, sentinel) and near and low <= found <= high else None

    return value


def _with_fine(number: Number, plain: _Step, profile: Profile, prefix: str) -> _Step:
    fine, name = _fine_value(number, profile), prefix + number.field

    def step(data: bytes, readings: dict[str, Value], rejected: dict[str, float]) -> None:
        plain(data, readings, rejected)
        if readings.get(name) is not None and (value := fine(data)) is not None:
            readings[name] = value

    return step


def _beside_fine(plain: _Step, owner: Number | None, profile: Profile) -> _Step:
    if owner is None:
        return plain
    fine = _fine_value(owner, profile)

    def step(data: bytes, readings: dict[str, Value], rejected: dict[str, float]) -> None:
        if fine(data) is not None:
            plain(data, readings, rejected)

    return step


def _byte_flag_step(name: str, at: int, on: int) -> _Step:
    meanings = {on: True, 0: False}

    def step(data: bytes, readings: dict[str, Value], rejected: dict[str, float]) -> None:  # noqa: ARG001
        readings[name] = meanings.get(data[at])

    return step


def _put_in_order(readings: dict[str, Value], low: str, high: str) -> None:
    first, second = readings.get(low), readings.get(high)
    if first is not None and second is not None and first > second:
        readings[low], readings[high] = second, first


def _digits(field: str) -> int:
    resolution = fields()[field].resolution
    return max(0, len(f"{resolution:.6f}".rstrip("0").split(".")[1]))


def read_text(text: Text, data: bytes) -> str:
    """The words a text field holds; empty when it holds none."""
    part = data[text.at : text.at + text.size]
    words = _READERS[text.kind](part, text.bit)
    return words if text.only is None or words == text.only else ""


def _ascii(part: bytes, _: int) -> str:
    return part.rstrip(b"\0").decode("ascii").strip() if is_printable(part) else ""


def _version(part: bytes, _: int) -> str:
    """Hex digits where all are decimal (BYD 01 17 = 1.17), else two numbers (Pytes 6E 01 = 110.01)."""
    if len(part) != 2:
        return ""
    major, minor = part
    if any(digit > 9 for byte in part for digit in (byte >> 4, byte & 15)):
        return f"{major}.{minor:02d}"
    return f"{major:x}.{minor:x}"


def _word(part: bytes, _: int) -> str:
    return f"{int.from_bytes(part, 'little'):04X}" if len(part) == 2 and any(part) else ""


def _places(part: bytes, _: int) -> str:
    return " ".join(str(index + 1) for index in range(8) if part[0] >> index & 1)


def _pair(part: bytes, bit: int) -> str:
    state = part[0] >> bit & 3
    return f"{state:02b}" if state else ""


_READERS: dict[str, Callable[[bytes, int], str]] = {
    "ascii": _ascii,
    "ascii_or_version": lambda part, bit: _ascii(part, bit) or (f"{part[0]}.{part[-1]}" if any(part) else ""),
    "version": _version,
    "word": _word,
    "number": lambda part, _: str(part[0]),
    "places": _places,
    "pair": _pair,
}
