"""Days of the simulated house, for tests that look at them."""

from __future__ import annotations

from stallaini.twin.physics.house import House
from stallaini.twin.physics.state import HouseState

NOVEMBER_S = 1_795_392_000.0 - 3600
"""2026-11-23 00:00 in Noto."""
JUNE_S = 1_782_000_000.0 - 7200
"""2026-06-21 00:00 in Noto."""
DAY_S = 86_400.0


def live(
    house: House, days: float, dt_s: float = 60.0, start_s: float = NOVEMBER_S, every: int = 1
) -> list[HouseState]:
    """The house at the end of every step of some days, or of every so many."""
    states = []
    for n in range(1, round(days * DAY_S / dt_s) + 1):
        house.advance(start_s + n * dt_s, dt_s)
        if n % every == 0:
            states.append(house.state())
    return states


def advance(house: House, days: float, dt_s: float = 60.0, start_s: float = NOVEMBER_S) -> None:
    """Live some days without looking."""
    for n in range(1, round(days * DAY_S / dt_s) + 1):
        house.advance(start_s + n * dt_s, dt_s)


def hour(state: HouseState) -> float:
    """Of the day in the site's winter time."""
    return (state.wall_s - NOVEMBER_S) % DAY_S / 3600
