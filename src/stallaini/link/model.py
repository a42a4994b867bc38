"""Models: the odds the range coder goes by, per kind of series, shared by both ends. Pure but for loading.

A model never learns while it works: the same model, base and bytes give the same minutes on any machine.
docs/explanation/the-codec.md tells how odds are found for a series the model has never seen.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import NamedTuple

import msgspec

from stallaini.link.model_slots import SLOTS
from stallaini.link.rangecoder import EVEN, ONE
from stallaini.site.description import Description

FORMAT = "stallaini-minute-model-1"
ID_BYTES = 4
ANY = "*"
_LIKE = {"state": "count", "apparent_power": "power", "ac_current": "current", "day_energy": "energy"}
"""Quantities that go by the odds of another in a model that never saw them: they behave like it."""


class ModelError(ValueError):
    """A file that is no model for this version; the text says why."""


class SeriesKind(NamedTuple):
    """What the codec knows of a series: its name, and the kind of number it is."""

    name: str
    quantity: str
    aggregate: str
    resolution: float
    channel: str = ""

    @property
    def device(self) -> str:
        """The device that the channel is of."""
        return self.channel.partition(".")[0]

    @property
    def kind(self) -> str:
        """Quantity, aggregate and resolution as one word: `voltage.mean/0.01`."""
        return f"{self.quantity}.{self.aggregate}/{self.resolution:g}"

    @property
    def tables(self) -> tuple[str, str, str, str]:
        """The names a model's tables are looked up by, the most general first."""
        return ANY, self.quantity, self.kind, f"={self.name}"


def series_kinds(description: Description) -> tuple[SeriesKind, ...]:
    """The kinds of a description's series, in its order: both ends make the same of it."""
    quantities = {channel.name: channel.quantity for channel in description.channels}
    return tuple(
        SeriesKind(
            spec.name, quantities.get(spec.channel, ANY), spec.aggregate, spec.resolution, spec.channel
        )
        for spec in description.series
    )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A model as JSON. A table is pairs of numbers: slots skipped, odds of the slot after them."""

    format: str
    slots: int
    trained_on: tuple[str, ...]
    tables: dict[str, tuple[int, ...]]


class Model:
    """Odds by table and slot. `trained_on` tells people what it learned from; the id does not cover it."""

    def __init__(self, tables: Mapping[str, Mapping[int, int]], trained_on: Iterable[str] = ()) -> None:
        for name, table in tables.items():
            for slot, odds in table.items():
                if not (0 <= slot < SLOTS and 0 < odds < ONE):
                    raise ModelError(f"table {name!r}: odds {odds} at slot {slot}")
        self._tables = {name: dict(sorted(table.items())) for name, table in sorted(tables.items())}
        self._odds: dict[tuple[str, ...], Sequence[int]] = {}
        self.trained_on = tuple(trained_on)

    @functools.cached_property
    def id(self) -> bytes:
        """Four bytes of SHA-256 over the tables: what names a model on the wire."""
        return hashlib.sha256(msgspec.json.encode((SLOTS, self._packed()))).digest()[:ID_BYTES]

    def odds(self, kind: SeriesKind) -> Sequence[int]:
        """The odds of every slot for a series: its own, else its kind's, its quantity's, anything's, even.

        A quantity the model never saw goes by the one that it is most like.

        Series that find the same tables share one sequence, over all sites.
        """
        if kind.quantity in _LIKE and kind.quantity not in self._tables:
            kind = kind._replace(quantity=_LIKE[kind.quantity])
        found = tuple(name for name in kind.tables if name in self._tables)
        if found not in self._odds:
            odds = [EVEN] * SLOTS
            for name in found:
                for slot, known in self._tables[name].items():
                    odds[slot] = known
            self._odds[found] = odds
        return self._odds[found]

    def encode(self) -> bytes:
        """The model as JSON, one line a table."""
        head = _File(FORMAT, SLOTS, self.trained_on, {})
        lines = [
            f"{msgspec.json.encode(name).decode()}:{msgspec.json.encode(table).decode()}"
            for name, table in self._packed().items()
        ]
        return msgspec.json.encode(head)[:-2] + ("\n" + ",\n".join(lines) + "}}\n").encode()

    def _packed(self) -> dict[str, list[int]]:
        return {name: _pairs(table) for name, table in self._tables.items()}


def decode_model(data: bytes) -> Model:
    """The model in a file's bytes. Raises ModelError."""
    try:
        file = msgspec.json.decode(data, type=_File)
    except msgspec.DecodeError as error:
        raise ModelError(f"not a minute model: {error}") from error
    if (file.format, file.slots) != (FORMAT, SLOTS):
        raise ModelError(
            f"a model of {file.format}, {file.slots} slots; this version reads {FORMAT}, {SLOTS}"
        )
    return Model({name: _unpacked(name, pairs) for name, pairs in file.tables.items()}, file.trained_on)


@functools.cache
def shipped_model() -> Model:
    """The model of the package: codec 2 on the wire, for ever this one."""
    return decode_model((resources.files("stallaini.link") / "models" / "shipped-2.json").read_bytes())


def _pairs(table: Mapping[int, int]) -> list[int]:
    pairs, following = [], 0
    for slot, odds in table.items():
        pairs += [slot - following, odds]
        following = slot + 1
    return pairs


def _unpacked(name: str, pairs: tuple[int, ...]) -> dict[int, int]:
    if len(pairs) % 2 or any(skipped < 0 for skipped in pairs[::2]):
        raise ModelError(f"table {name!r} is not pairs of skipped slots and odds")
    table, slot = {}, 0
    for skipped, odds in zip(pairs[::2], pairs[1::2], strict=True):
        slot += skipped
        table[slot] = odds
        slot += 1
    return table
