"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.people_house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """People in a database of their own."""
    house = House(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
async def anna(house: House) -> House:
    """The same with `anna`, a viewer of every site."""
    await house.person("anna")
    return house
