"""What a battery speaks, as data: loading, inheriting and checking profile files."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

from stallaini.errors import OperatorError
from stallaini.site.kinds import parse_manifest
from stallaini.site.quantities import QUANTITIES, Quantity

NumberType = Literal["u8", "s8", "u16", "s16", "u32"]
TextKind = Literal["ascii", "ascii_or_version", "version", "word", "number", "places", "pair"]

# struct format, and the raw value that means "invalid" (SMA: 0x8000 signed, all ones unsigned)
NUMBER_FORMATS: dict[str, tuple[str, int | None]] = {
    "u8": ("<B", None),
    "s8": ("<b", None),
    "u16": ("<H", 0xFFFF),
    "s16": ("<h", -0x8000),
    "u32": ("<I", 0xFFFF_FFFF),
}
NUMBER_BYTES = {"u8": 1, "s8": 1, "u16": 2, "s16": 2, "u32": 4}

_PACKAGE = "stallaini.devices.can_battery"


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Fine(_Strict, frozen=True):
    """A finer copy of a number elsewhere in the frame, believed only `within` so much of the coarse one."""

    at: int
    type: NumberType
    scale: float
    within: float


class Number(_Strict, frozen=True):
    """A number at byte `at`: value = raw x scale + offset. Of several scales the first in the gate counts."""

    field: str
    at: int
    type: NumberType
    scale: int | float | tuple[float, ...] = 1
    offset: int = 0
    absolute: bool = False
    zero_is_missing: bool = False
    fine: Fine | None = None
    beside_fine: bool = False

    @property
    def scales(self) -> tuple[int | float, ...]:
        """The scales to try, in order."""
        return self.scale if isinstance(self.scale, tuple) else (self.scale,)


class Flag(_Strict, frozen=True):
    """True when `bit` of byte `at` is set; or, with `on`, when the byte equals it (0 false, else unknown)."""

    field: str
    at: int
    bit: int | None = None
    on: int | None = None


class States(_Strict, frozen=True):
    """Items of two bits from byte `at` on, lowest first: 01 raised, 10 well, 00 not reported, 11 ignore."""

    prefix: str
    at: int
    items: tuple[str, ...]

    def fields(self) -> Iterator[tuple[str, int, int]]:
        """Field, byte and shift of every item."""
        for index, item in enumerate(self.items):
            yield f"{self.prefix}.{item}", self.at + index // 4, 2 * (index % 4)


class Text(_Strict, frozen=True):
    """Words for people: shown by `decode`, never a channel. With `only`, shown when it reads just that."""

    name: str
    at: int
    size: int
    kind: TextKind
    only: str | None = None
    bit: int = 0


class When(_Strict, frozen=True):
    """What the bytes must look like for a layout to apply: `hex` at byte `at`, and all printable or not."""

    at: int = 0
    hex: str = ""
    printable: bool | None = None

    def holds(self, data: bytes) -> bool:
        """Whether `data` looks so."""
        if self.printable is not None and self.printable != is_printable(data):
            return False
        wanted = bytes.fromhex(self.hex)
        return data[self.at : self.at + len(wanted)] == wanted


class Layout(_Strict, frozen=True):
    """One frame. Several layouts of one id are tried in order; `adds` extends the inherited first one."""

    id: int
    title: str
    also: tuple[int, ...] = ()
    when: When | None = None
    adds: bool = False
    numbers: tuple[Number, ...] = ()
    flags: tuple[Flag, ...] = ()
    states: tuple[States, ...] = ()
    texts: tuple[Text, ...] = ()
    ordered: tuple[tuple[str, str], ...] = ()

    def fields(self) -> Iterator[str]:
        """Every channel field this layout can give."""
        yield from (number.field for number in self.numbers)
        yield from (flag.field for flag in self.flags)
        for states in self.states:
            yield from (field for field, _, _ in states.fields())


class Sent(_Strict, frozen=True):
    """One frame of the simulator's burst: the bytes that stand still, in hexadecimal."""

    id: int
    template: str
    without_fine: bool = False


class Limits(_Strict, frozen=True):
    """Checks of one value against others."""

    current_over_limit: float | None = None


class _File(_Strict, frozen=True):
    name: str
    title: str
    extends: str | None = None
    spoken_by: tuple[str, ...] = ()
    gates: dict[str, tuple[float, float]] = {}
    limits: Limits = Limits()
    frame: tuple[Layout, ...] = ()
    burst: tuple[Sent, ...] = ()


class Profile(msgspec.Struct, frozen=True):
    """A profile with all it inherits: layouts by id, gates by field, the burst a simulator sends."""

    name: str
    title: str
    spoken_by: tuple[str, ...]
    layouts: dict[int, tuple[Layout, ...]]
    gates: dict[str, tuple[float, float]]
    current_over_limit: float | None
    burst: tuple[Sent, ...]

    def gate(self, field: str) -> tuple[float, float]:
        """The lowest and highest believable value of a field, in its quantity's unit."""
        quantity = fields()[field]
        own = self.gates.get(field) or self.gates.get(quantity.name)
        return own if own is not None else (quantity.low, quantity.high)

    def fields(self) -> frozenset[str]:
        """Every channel field this profile can give."""
        return frozenset(
            field for layouts in self.layouts.values() for layout in layouts for field in layout.fields()
        )


def is_printable(data: bytes) -> bool:
    """Whether the bytes are plain ASCII text, zero bytes at the end aside."""
    text = data.rstrip(b"\0")
    return bool(text) and all(0x20 <= byte < 0x7F for byte in text)


@functools.cache
def fields() -> dict[str, Quantity]:
    """The channel fields the manifest declares, each with its quantity."""
    manifest = resources.files(_PACKAGE).joinpath("manifest.toml").read_text(encoding="utf-8")
    return {channel.field: QUANTITIES[channel.quantity] for channel in parse_manifest(manifest).channels}


@functools.cache
def profile_names() -> tuple[str, ...]:
    """The profiles this install brings."""
    folder = resources.files(_PACKAGE).joinpath("profiles")
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir()))


@functools.cache
def load_profile(name: str) -> Profile:
    """A profile by name, or of a file when `name` ends in `.toml`.

    Raises OperatorError saying what is wrong with the name or the file.
    """
    file = _read(name)
    base = load_profile(file.extends) if file.extends else None
    layouts = dict(base.layouts) if base else {}
    for can_id in {can_id for layout in file.frame for can_id in (layout.id, *layout.also)}:
        own = [layout for layout in file.frame if can_id in (layout.id, *layout.also)]
        layouts[can_id] = tuple(_merged(layout, layouts.get(can_id)) for layout in own)
    limit = file.limits.current_over_limit
    return Profile(
        name=file.name,
        title=file.title,
        spoken_by=file.spoken_by,
        layouts=layouts,
        gates={**(base.gates if base else {}), **file.gates},
        current_over_limit=base.current_over_limit if base and limit is None else limit,
        burst=file.burst or (base.burst if base else ()),
    )


def _merged(layout: Layout, inherited: tuple[Layout, ...] | None) -> Layout:
    if not layout.adds or not inherited:
        return layout
    first = inherited[0]
    return msgspec.structs.replace(
        first,
        title=layout.title,
        numbers=first.numbers + layout.numbers,
        flags=first.flags + layout.flags,
        states=first.states + layout.states,
        texts=first.texts + layout.texts,
        ordered=first.ordered + layout.ordered,
    )


def _read(name: str) -> _File:
    try:
        text = _text(name)
        file = msgspec.toml.decode(text, type=_File)
        _check(file)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, ValueError) as error:
        raise OperatorError(f"battery profile {name}: {error}") from error
    return file


def _text(name: str) -> str:
    if name.endswith(".toml"):
        return Path(name).read_text(encoding="utf-8")
    if name not in profile_names():
        near = difflib.get_close_matches(name, profile_names(), 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"there is no such profile; {hint}known: {', '.join(profile_names())}")
    folder = resources.files(_PACKAGE).joinpath("profiles")
    return folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")


def _check(file: _File) -> None:
    for layout in file.frame:
        where = f"frame 0x{layout.id:03X}"
        _check_fields(layout, where)
        _check_places(layout, where)
    for field in file.gates:
        if field not in fields() and field not in QUANTITIES:
            raise ValueError(f"gate {field!r} is neither a field nor a quantity")
    for sent in file.burst:
        if len(bytes.fromhex(sent.template)) > 8:
            raise ValueError(f"burst 0x{sent.id:03X}: a frame holds at most 8 bytes")


def _check_fields(layout: Layout, where: str) -> None:
    known = fields()
    for field in layout.fields():
        if field not in known:
            near = difflib.get_close_matches(field, known, 1)
            raise ValueError(
                f"{where}: no channel {field!r}" + (f", did you mean {near[0]!r}?" if near else "")
            )
    of_layout = set(layout.fields())
    for pair in layout.ordered:
        if not of_layout.issuperset(pair):
            raise ValueError(f"{where}: ordered {list(pair)} must name two fields of this frame")


def _check_places(layout: Layout, where: str) -> None:
    ends = [number.at + NUMBER_BYTES[number.type] for number in layout.numbers]
    ends += [number.fine.at + NUMBER_BYTES[number.fine.type] for number in layout.numbers if number.fine]
    ends += [flag.at + 1 for flag in layout.flags]
    ends += [at + 1 for states in layout.states for _, at, _ in states.fields()]
    starts = [number.at for number in layout.numbers] + [flag.at for flag in layout.flags]
    if any(end > 8 for end in ends) or any(at < 0 for at in starts):
        raise ValueError(f"{where}: a field lies outside the 8 bytes of a frame")
    for flag in layout.flags:
        if (flag.bit is None) == (flag.on is None) or not 0 <= (flag.bit or 0) <= 7:
            raise ValueError(f"{where}: {flag.field} needs either bit = 0..7 or on = a byte")
