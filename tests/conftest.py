"""Fixtures every room's tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.support.web_build import built_page

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# How long an example takes says how busy the machine is, not whether the property holds.
settings.register_profile(
    "unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first, in the order they have."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the checkout; they belong to others and are never committed."""
    if _SHARED_DATA.is_dir():
        return _SHARED_DATA
    if os.environ.get("CI") == "true":
        pytest.fail(f"the recordings are missing in CI: {_SHARED_DATA}")
    pytest.skip("recordings of others are not part of the repository (expected in ../shared/data)")


@pytest.fixture(scope="session")
def static() -> Path:
    """The folder of the built page."""
    return built_page()
