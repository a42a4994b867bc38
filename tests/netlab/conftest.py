"""Real namespaces: they need root and a few tools, which a developer's machine may lack and CI may not."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from stallaini.errors import OperatorError
from stallaini.ops.netlab.pair import Pair, open_pair
from stallaini.ops.netlab.tools import CABLE_TOOLS, TUNNEL_TOOLS, require


@pytest.fixture(scope="session")
def netlab() -> None:
    """Whoever asks for this makes namespaces: skipped where that cannot be, failed where it must be."""
    try:
        require(*CABLE_TOOLS, *TUNNEL_TOOLS, "mosquitto")
    except OperatorError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the network tests must run in CI: {error}")
        pytest.skip(f"network namespaces: {error}")


@pytest.fixture
def pair(netlab: None) -> Iterator[Pair]:
    with open_pair() as opened:
        yield opened
