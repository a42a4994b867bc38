"""The Studer system on a serial line: an Xcom-232i, or the same behind a serial device server."""

from __future__ import annotations

import math

from stallaini.devices.studer.simulator import ScomGateway
from stallaini.twin.wires.byte_trouble import ByteTrouble
from stallaini.twin.wires.studer_plant import StuderPlant

_LOG_WRITTEN_AT_S, _LOG_TAKES_S = 30, 5  # specification V1.6.32, 4.7: busy around 00:00:30; how long is ours


class ScomFace:
    """Bytes in, bytes out, through a line that may be bad. `busy` refuses everything for now."""

    def __init__(self, plant: StuderPlant, trouble: ByteTrouble) -> None:
        self.busy = False
        self._plant = plant
        self._trouble = trouble
        self._gateway = ScomGateway(plant, lambda: plant.clock.local_s(plant.look().wall_s))

    def answer(self, data: bytes) -> bytes:
        """What comes back on the line."""
        self._gateway.faults.busy_until_s = math.inf if self.busy or self._writes_its_log() else 0.0
        return self._trouble.carry(self._gateway.feed(self._trouble.carry(data)))

    def restart(self) -> None:
        """It starts anew, and says so in its flags until somebody clears them (5104)."""
        self._gateway.restarted = True

    def _writes_its_log(self) -> bool:
        second = self._plant.clock.second_of_day(self._plant.look().wall_s)
        return _LOG_WRITTEN_AT_S <= second < _LOG_WRITTEN_AT_S + _LOG_TAKES_S
