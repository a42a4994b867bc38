"""Which profile a battery speaks, told by the ids it sends. The table is data: signatures.toml."""

from __future__ import annotations

import functools
from importlib import resources
from typing import NamedTuple

import msgspec

from stallaini.devices.can_battery.profile import is_printable, profile_names

DECIDE_AFTER_S = 3.0
"""Traffic to hear before deciding, at the start and after every change of the set of ids."""

FORGET_AFTER_S = 150.0
"""An id unheard for so long no longer counts; some batteries send their name once a minute only."""

FALLBACK = "generic"

_SWEEP_EVERY_S = 10.0
_SOC, _ALARMS, _MAKER = 0x355, 0x359, 0x35E
_CELL_MV = range(2500, 3801)


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table: the profile, and what must hold for it."""

    profile: str
    all: tuple[int, ...] = ()
    any: tuple[int, ...] = ()
    none: tuple[int, ...] = ()
    maker: tuple[str, ...] = ()
    without_mark: bool = False
    cell_voltages: bool = False

    def reason(self) -> str:
        """The row in words, for people."""
        words = []
        if self.all:
            words.append(" and ".join(f"0x{can_id:03X}" for can_id in self.all))
        if self.any:
            words.append("one of " + ", ".join(f"0x{can_id:03X}" for can_id in self.any))
        if self.none:
            words.append("none of " + ", ".join(f"0x{can_id:03X}" for can_id in self.none))
        if self.maker:
            words.append("maker " + " or ".join(self.maker))
        if self.without_mark:
            words.append("no PN mark in 0x359")
        if self.cell_voltages:
            words.append("cell voltages in 0x355")
        return ", ".join(words)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    inverter: frozenset[int]
    signature: tuple[Signature, ...]


class Verdict(NamedTuple):
    """What the battery speaks, and why. `decoded_as` differs where there is no profile for it."""

    profile: str
    reason: str

    @property
    def decoded_as(self) -> str:
        """The profile to decode with."""
        return self.profile if self.profile in profile_names() else FALLBACK


UNDECIDED = Verdict(FALLBACK, "nothing telling heard yet")


def signatures() -> tuple[Signature, ...]:
    """The table, in order; the first that fits wins."""
    return _table().signature


@functools.cache
def _table() -> _Table:
    text = resources.files("stallaini.devices.can_battery").joinpath("signatures.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=_Table)


class Detector:
    """Collects what tells the profile. Times are monotonic seconds, given with each frame."""

    def __init__(self) -> None:
        self.heard: dict[int, float] = {}
        """Every id and the second it was last heard."""
        self.verdict = UNDECIDED
        self._inverter = _table().inverter
        self._makers: dict[str, float] = {}
        self._marked = False
        self._cell_voltages = False
        self._decide_at_s: float | None = None
        self._sweep_at_s: float | None = None

    def observe(self, can_id: int, data: bytes, now_s: float) -> bool:
        """Take in one data frame; True when it brought a new verdict."""
        if can_id in self._inverter:
            self.heard[can_id] = now_s
            return False
        if can_id not in self.heard:
            self._changed(now_s)
        self.heard[can_id] = now_s
        if can_id in (_SOC, _ALARMS, _MAKER):
            self._look_inside(can_id, data, now_s)
        if self._sweep_at_s is None or now_s >= self._sweep_at_s:
            self._sweep(now_s)
        if self._decide_at_s is None or now_s < self._decide_at_s:
            return False
        self._decide_at_s = None
        before, self.verdict = self.verdict, self.decide()
        return before.profile != self.verdict.profile

    def decide(self) -> Verdict:
        """The verdict on everything heard so far."""
        for signature in signatures():
            if self._fits(signature):
                return Verdict(signature.profile, signature.reason())
        return Verdict(FALLBACK, "no signature fits the ids heard") if self.heard else UNDECIDED

    def _fits(self, signature: Signature) -> bool:
        heard = self.heard
        return (
            all(can_id in heard for can_id in signature.all)
            and (not signature.any or any(can_id in heard for can_id in signature.any))
            and not any(can_id in heard for can_id in signature.none)
            and (
                not signature.maker
                or (len(self._makers) == 1 and next(iter(self._makers)) in signature.maker)
            )
            and not (signature.without_mark and self._marked)
            and (not signature.cell_voltages or self._cell_voltages)
        )

    def _changed(self, now_s: float) -> None:
        if self._decide_at_s is None:
            self._decide_at_s = now_s + DECIDE_AFTER_S

    def _look_inside(self, can_id: int, data: bytes, now_s: float) -> None:
        if can_id == _ALARMS and not self._marked:
            self._marked = data[5:7] == b"PN"
        elif can_id == _SOC and not self._cell_voltages:
            self._cell_voltages = _holds_cell_voltages(data)
        elif can_id == _MAKER:
            maker = _maker(data)
            if maker not in self._makers:
                self._changed(now_s)
            self._makers[maker] = now_s

    def _sweep(self, now_s: float) -> None:
        """Forget what has not been heard for long, so that a firmware update can change the verdict."""
        self._sweep_at_s = now_s + _SWEEP_EVERY_S
        oldest_s = now_s - FORGET_AFTER_S
        gone = [can_id for can_id, last_s in self.heard.items() if last_s < oldest_s]
        for can_id in gone:
            del self.heard[can_id]
        self._makers = {maker: last_s for maker, last_s in self._makers.items() if last_s >= oldest_s}
        if gone:
            self._marked = self._cell_voltages = False
            self._changed(now_s)


def _holds_cell_voltages(data: bytes) -> bool:
    if len(data) < 8:
        return False
    soc, first, second = data[0] + 256 * data[1], data[4] + 256 * data[5], data[6] + 256 * data[7]
    is_fine_soc = abs(first / 100 - soc) <= 1
    return first in _CELL_MV and second in _CELL_MV and not is_fine_soc


@functools.lru_cache(maxsize=16)
def _maker(data: bytes) -> str:
    """The name in 0x35E; of a name with binary behind it (Deye) its first letters."""
    if is_printable(data):
        return data.rstrip(b"\0").decode("ascii").strip()
    letters = bytes(data[: next((at for at, byte in enumerate(data) if not 0x41 <= byte <= 0x5A), len(data))])
    return letters.decode("ascii")
