"""Whether the store tells what the twin lived: every minute there, every daily energy alike. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from stallaini.ops.year.account import COUNTED, Energies

ALLOWED_SHARE = 0.005
"""By how much of the twin's own figure the store's may differ."""
ALLOWED_KWH = 0.005
"""What is allowed in any case: the store's steps are 1 W a minute, which is much of a day without sun."""
ALLOWED_COUNTED_KWH = 0.015
"""The same for a device's own counter: it has steps of 0.01, and its last minute of a day is not seen."""


class Gap(NamedTuple):
    """Minutes that are not in the store, and why, as far as the API tells."""

    start: str
    minutes: int
    reason: str | None


class Difference(NamedTuple):
    """One quantity of one day, as the twin and as the store has it; None: the store has nothing."""

    quantity: str
    day: date
    twin_kwh: float
    stored_kwh: float | None

    @property
    def off_kwh(self) -> float:
        """By how much the store differs."""
        return abs((self.stored_kwh or 0.0) - self.twin_kwh)

    @property
    def share(self) -> float:
        """The difference as a share of the twin's figure; 0 where both are nothing."""
        return self.off_kwh / self.twin_kwh if self.twin_kwh else float(self.off_kwh > 0)

    @property
    def excused(self) -> bool:
        """Whether it is too little to tell anything."""
        return self.off_kwh <= (ALLOWED_COUNTED_KWH if self.quantity in COUNTED else ALLOWED_KWH)

    @property
    def allowed(self) -> bool:
        """Whether it is within what is promised."""
        return self.stored_kwh is not None and (self.share <= ALLOWED_SHARE or self.excused)


@dataclass(frozen=True)
class Verdict:
    """What came of the comparison. `worst` is per quantity the day that differs most."""

    differences: list[Difference]
    worst: dict[str, Difference]
    gaps: list[Gap]
    missing_minutes: int

    @property
    def broken(self) -> list[Difference]:
        """The days and quantities that differ too much."""
        return [one for one in self.differences if not one.allowed]

    @property
    def kept(self) -> bool:
        """Whether every minute is there and every day within what is promised."""
        return not self.missing_minutes and not self.broken and bool(self.differences)


def judge(twin: Mapping[date, Energies], stored: Mapping[date, Energies], gaps: Iterable[Gap]) -> Verdict:
    """Compare every quantity of every day that the twin has an account of."""
    differences = [
        Difference(quantity, day, kwh, stored.get(day, {}).get(quantity))
        for day, energies in twin.items()
        for quantity, kwh in energies.items()
    ]
    worst: dict[str, Difference] = {}
    for one in differences:
        before = worst.get(one.quantity)
        if before is None or _rank(one) > _rank(before):
            worst[one.quantity] = one
    found = list(gaps)
    return Verdict(differences, worst, found, sum(gap.minutes for gap in found))


def _rank(difference: Difference) -> tuple[bool, float]:
    return not difference.excused, difference.share
