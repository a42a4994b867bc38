"""A hundred thousand exchanges over a line that damages, delays, loses, splits and merges: no wrong value."""

from __future__ import annotations

from tests.support.studer_storm import Storm

EXCHANGES = 100_000


async def test_no_wrong_value_is_ever_delivered() -> None:
    storm = Storm(seed=20250218)
    while storm.port.requests < EXCHANGES:
        await storm.run(1000)
    assert storm.wrong == []
    asked = storm.outcomes.total()
    assert storm.outcomes["right"] > 0.97 * asked, storm.outcomes
    assert set(storm.outcomes) <= {"right", "silent"}, storm.outcomes
    assert min(storm.port.misfortunes.values()) > EXCHANGES // 200, storm.port.misfortunes
    assert len(storm.port.misfortunes) == 8


async def test_no_wrong_value_comes_over_can_either() -> None:
    """Late answers, lost ones, and frames that differ from the true one in one bit of their identifier."""
    storm = Storm.on_can(seed=20250219)
    await storm.run(5000)
    assert storm.wrong == []
    assert storm.outcomes["right"] > 0.97 * storm.outcomes.total(), storm.outcomes
    assert min(storm.port.misfortunes.values()) > 200
