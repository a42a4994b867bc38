"""A house in trouble: what breaks in the physics is the alarm that it should be, over all wires."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.exchange import LinkDown
from stallaini.edge.program import open_core
from stallaini.ops import demo
from stallaini.ops.virtual_site import VirtualSite, steady
from stallaini.site.config import parse_site
from stallaini.twin.physics.controls import Faults
from stallaini.twin.physics.house import House, house_of

MORNING_S = 1_781_078_400.0  # 2026-06-10, 10:00 in Italy
SITE = Path(demo.__file__).with_name("demo_site.toml")


class Trouble:
    """A house that lives minute by minute with its edge, which has no link."""

    def __init__(self) -> None:
        config = parse_site(SITE.read_text(encoding="utf-8").replace("{data}", "/nowhere"), load_kinds())
        clock = VirtualClock(MORNING_S, 1000.0)
        self.house: House = house_of(config, 3)
        self.core = open_core(config, None, clock, _no_link, b"trouble.")
        self._site = VirtualSite(config, self.house, "pylontech-1.3", clock, steady(60))
        self._site.connect(self.core)

    async def live(self, minutes: int) -> set[str]:
        """Let so many minutes pass; what is raised then."""
        for _ in range(minutes):
            await self._site.live(60)
            self.core.tick()
        return set(self.core.alarms.raised)


async def _no_link(payload: bytes) -> bytes:
    raise LinkDown(f"nobody takes {len(payload)} bytes")


def _charger_fails(faults: Faults) -> None:
    faults.mppt_error = 4


def _inverter_trips(faults: Faults) -> None:
    faults.power_cut = True


def _battery_complains(faults: Faults) -> None:
    faults.bms_alarms = frozenset({"alarm.high_temperature"})


@pytest.mark.parametrize(
    ("breaks", "minutes", "raised"),
    [
        (_charger_fails, 200, {"mppt_fault", "pv_low"}),
        (_inverter_trips, 3, {"inverter_off"}),
        (_battery_complains, 1, {"battery_alarm_high_temperature"}),
    ],
    ids=["charger", "inverter", "battery"],
)
async def test_what_breaks_is_told_and_what_is_mended_ends(
    breaks: Callable[[Faults], None], minutes: int, raised: set[str]
) -> None:
    trouble = Trouble()
    assert await trouble.live(10) == set()
    breaks(trouble.house.faults)
    assert raised <= await trouble.live(minutes)
    vars(trouble.house.faults).update(vars(Faults()))
    still = await trouble.live(150)
    assert not raised & still
