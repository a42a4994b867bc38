"""Which battery the twin plays: a profile that can be sent, by its own name or by a brand that speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stallaini.devices.can_battery.profile import profile_names
from stallaini.devices.can_battery.simulator import sayable
from stallaini.errors import OperatorError

_MAKER_ID = 0x35E


@dataclass(frozen=True)
class Speech:
    """A profile, what it can raise, and the maker's name where another brand than the profile's speaks."""

    profile: str
    sayable: frozenset[str]
    maker: bytes = b""

    def named(self, can_id: int, data: bytes) -> bytes:
        """The frame's data with this maker's name in it."""
        return self.maker.ljust(len(data), b"\0")[: len(data)] if self.maker and can_id == _MAKER_ID else data


# Names in 0x35E as in captures: BYD's is the profile's own, Pytes V5a sends PYTES.
_BRANDS: Mapping[str, tuple[str, bytes]] = {
    "byd": ("victron", b""),
    "discover": ("discover", b""),
    "dyness": ("pylontech-1.2", b""),
    "pylontech": ("pylontech-1.2", b""),
    "pytes": ("victron", b"PYTES"),
    "rec": ("sma", b""),
    "seplos": ("pylon-plus", b""),
    "shoto": ("pylon-plus", b""),
}


def speech_of(name: str) -> Speech:
    """The battery of that profile or brand. Raises OperatorError, with what there is, for any other name."""
    profile, maker = _BRANDS.get(name, (name, b""))
    try:
        return Speech(profile, sayable(profile), maker)
    except (ValueError, OperatorError):
        brands = ", ".join(f"{brand} ({spoken})" for brand, (spoken, _) in _BRANDS.items() if brand != spoken)
        raise OperatorError(
            f"no battery {name!r} to play; choose a profile: {', '.join(_sendable())}; or a brand: {brands}"
        ) from None


def _sendable() -> list[str]:
    names = []
    for name in profile_names():
        try:
            sayable(name)
        except ValueError:
            continue
        names.append(name)
    return names
