"""The alarm history of the house's Studer system: what its devices tell when something happens to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from stallaini.devices.studer.messages import StoredMessage
from stallaini.twin.physics.state import HouseState

_KEPT = 512
_LOW_SOC, _LOW_OVER_SOC = 20.0, 25.0
_XTENDER, _VARIOTRACK, _BMS = 101, 301, 601


class _Watch(NamedTuple):
    """One condition: who tells of it, the message when it begins, the message when it ends (None: none)."""

    address: int
    begins: int | None
    ends: int | None
    holds: Callable[[HouseState], bool]


def _mppt_error(*codes: int) -> Callable[[HouseState], bool]:
    return lambda house: house.solar.error in codes


_WATCHES = (
    _Watch(_XTENDER, 207, 208, lambda house: house.inverter.aux1.closed),
    _Watch(_XTENDER, 209, 210, lambda house: house.inverter.aux2.closed),
    _Watch(_XTENDER, 19, None, lambda house: house.inverter.low_battery_stop),
    _Watch(_XTENDER, 14, None, lambda house: house.inverter.over_temperature),
    _Watch(_XTENDER, 3, None, lambda house: house.generator.ready),
    _Watch(_XTENDER, 62, None, lambda house: house.generator.failed_to_start),
    _Watch(_VARIOTRACK, 20, None, _mppt_error(1, 5)),
    _Watch(_VARIOTRACK, 81, None, _mppt_error(2)),
    _Watch(_VARIOTRACK, 80, None, _mppt_error(3)),
    _Watch(_VARIOTRACK, 14, None, _mppt_error(4)),
    _Watch(_VARIOTRACK, 82, None, _mppt_error(6)),
    _Watch(_VARIOTRACK, 206, None, _mppt_error(7, 12)),
    _Watch(_BMS, 202, 203, lambda house: bool(house.bms.raised)),
)


class MessageLog:
    """Stores what happens as messages. `unix_s` of each is the gateway's own clock."""

    def __init__(self) -> None:
        self._kept: deque[StoredMessage] = deque(maxlen=_KEPT)
        self._held: set[int] = set()
        self._low = False
        self._overloads = 0
        self._started = False

    def newest_first(self) -> tuple[StoredMessage, ...]:
        """All that are kept."""
        return tuple(self._kept)

    def tell(self, nr: int, address: int, unix_s: int, value: int = 0) -> None:
        """Store one message."""
        self._kept.appendleft(StoredMessage(nr, address, unix_s, value))

    def look(self, house: HouseState, unix_s: int) -> None:
        """Tell what began or ended since the last look; what holds at the first look is no news."""
        for index, watch in enumerate(_WATCHES):
            if watch.holds(house) == (index in self._held):
                continue
            self._held ^= {index}
            nr = watch.begins if index in self._held else watch.ends
            if nr is not None and self._started:
                self.tell(nr, watch.address, unix_s)
        self._look_at_soc(house, unix_s)
        if house.inverter.overloads > self._overloads and self._started:
            self.tell(15, _XTENDER, unix_s)
        self._overloads = house.inverter.overloads
        self._started = True

    def _look_at_soc(self, house: HouseState, unix_s: int) -> None:
        soc_pct = house.bms.soc_pct
        if not self._low and soc_pct < _LOW_SOC:
            self._low = True
            if self._started:
                self.tell(0, _XTENDER, unix_s)
        elif soc_pct > _LOW_OVER_SOC:
            self._low = False
