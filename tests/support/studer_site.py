"""A whole Studer system behind a simulated gateway, polled in virtual time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.support.studer_port import Bench

from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.catalogue import load_kinds
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.gateway import StuderGateway
from stallaini.devices.studer.memory import Memory
from stallaini.site.kinds import Value
from stallaini.site.reading import Reading

NAN = math.nan
XTENDER = {
    3000: 53.2, 3001: 32767.0, 3005: -12.5, 3010: 4, 3011: 0, 3012: 0, 3020: 0, 3021: 230.5, 3028: 1, 3030: 1,
    3031: 0, 3032: 1, 3045: 2, 3049: 1, 3054: 1, 3055: 3, 3078: 1.25, 3081: 0, 3083: 4.5, 3084: 0, 3085: 50,
    3086: 1, 3090: 52.9, 3092: 53.1, 3095: -11.5, 3097: 1.9, 3098: 0.75, 3100: 1.6, 3101: 0.65, 3103: 41,
    3106: 38, 3119: 0, 3124: 256, 3130: 0x0100, 3131: 0x061E, 3136: 0.64, 3137: 0, 3139: 0.7, 3156: 0x1234,
    3157: 0xABCD, 3168: 0,
}  # fmt: skip
VARIOTRACK = {
    11000: 53.3, 11001: 21.5, 11002: 78, 11004: 1.15, 11007: 3.21, 11009: 12.5, 11015: 1, 11016: 9, 11034: 0,
    11038: 3, 11039: 53.2, 11040: 20, 11041: 77, 11043: 1.1, 11045: 45, 11050: 0x0100, 11051: 0x061E,
    11067: 1, 11068: 2, 11069: 1,
}  # fmt: skip
BMS = {
    7000: 53.2, 7001: 8.5, 7002: 87, 7003: 452, 7007: 40, 7008: 35, 7029: 24.5, 7030: 53.1, 7031: 8,
    7057: 99, 7061: 53.25, 7063: 100, 7064: 120, 7067: 2,
}  # fmt: skip
SITE: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "inverter": ("studer_xtender", {"address": 101, "ac_sign": "normal"}),
    "solar": ("studer_variotrack", {"address": 301}),
    "cells": ("studer_bms", {"address": 601}),
}


class StuderSite(Bench):
    """The gateway of a site over the simulated one; `run` lets time pass as the edge does."""

    def __init__(
        self,
        devices: Mapping[str, tuple[str, Mapping[str, Value]]] = SITE,
        *,
        multi_info: bool = True,
        memory: Path | None = None,
    ) -> None:
        super().__init__(multi_info=multi_info)
        self.plant.infos = {101: dict(XTENDER), 301: dict(VARIOTRACK), 601: dict(BMS)}
        self.readings: list[Reading] = []
        self.events: list[tuple[str, EventData]] = []
        self.devices = [StuderDevice(name, kind, settings) for name, (kind, settings) in devices.items()]
        self.studer = StuderGateway(
            "xcom",
            self.devices,
            self.master,
            self.clock,
            self.readings.append,
            lambda kind, data: self.events.append((kind, data)),
            Memory(memory),
        )

    async def run(self, seconds: float) -> None:
        """Poll whenever something is due, for that long."""
        ends_s = self.clock.monotonic_s() + seconds
        while self.clock.monotonic_s() < ends_s:
            await self.studer.poll()
            now_s = self.clock.monotonic_s()
            wait_s = max(1.0, self.studer.next_due_s() - now_s)
            self.clock.advance(max(0.0, min(wait_s, ends_s - now_s)))

    def newest(self, channel: str, aggregate: str | None = None) -> float | bool | None:
        """The newest value of a channel, to the thousandth."""
        value = self._newest(channel, aggregate).value
        return value if value is None or isinstance(value, bool) else round(value, 3)

    def age_s(self, channel: str) -> float:
        """How old a channel's live value is."""
        return self.clock.monotonic_s() - self._newest(channel, None).monotonic_s

    def counted(self, channel: str, aggregate: str | None = None) -> int:
        """How many readings a channel has had."""
        return sum((one.channel, one.aggregate) == (channel, aggregate) for one in self.readings)

    def told(self, kind: str) -> list[EventData]:
        """The events of a kind."""
        return [data for told, data in self.events if told == kind]

    def asked(self, nr: int) -> int:
        """How often an info was asked for alone."""
        return Counter(request.object_id for request in self.port.sent if request.object_type == 1)[nr]

    def _newest(self, channel: str, aggregate: str | None) -> Reading:
        return next(
            one for one in reversed(self.readings) if (one.channel, one.aggregate) == (channel, aggregate)
        )


@cache
def stale_after_s(kind: str, field: str) -> float:
    """The staleness that a kind's manifest declares for a field."""
    return next(channel.stale_after_s for channel in load_kinds()[kind].channels if channel.field == field)
