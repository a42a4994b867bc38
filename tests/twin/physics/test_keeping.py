"""A house put away lives on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from stallaini.errors import OperatorError
from stallaini.twin.physics.house import House
from stallaini.twin.physics.keeping import keep_house, kept_house

NOON_S = 1_795_428_000.0


def test_it_lives_on_as_the_one_that_stayed(tmp_path: Path) -> None:
    house = House(seed=3)
    for second in range(60):
        house.step(NOON_S + second, 1.0)
    keep_house(house, tmp_path / "house")
    other = kept_house(tmp_path / "house")
    for second in range(60, 120):
        assert house.step(NOON_S + second, 1.0) == other.step(NOON_S + second, 1.0)


def test_what_is_no_house_is_told(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("dear")
    for path in (tmp_path / "diary", tmp_path / "absent"):
        with pytest.raises(OperatorError, match="make it anew"):
            kept_house(path)
