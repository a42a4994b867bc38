"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.people_house import House
from tests.support.serving import Running, serving


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


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A server in a folder of its own that knows nobody and no site."""
    async with serving(tmp_path) as running:
        yield running
