"""The lock files pin everything and name no place to download from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
SERVER_ONLY = {"fastapi", "uvicorn", "matplotlib", "numpy", "argon2-cffi", "python-telegram-bot", "httpx"}


def test_there_is_a_lock_for_each_way_to_install() -> None:
    assert [lock.stem for lock in LOCKS] == ["dev", "edge", "run", "server"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_lock_names_no_address_and_hashes_everything(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "index-url" not in text
    pins = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in pin for pin in pins if not pin.startswith("#"))


NPM_LOCKS = ["src/stallaini/web/package-lock.json", "scripts/lighthouse/package-lock.json"]


@pytest.mark.parametrize("path", NPM_LOCKS)
def test_npm_lock_names_no_address(path: str) -> None:
    text = (ROOT / path).read_text()
    assert "://" not in text
    lock = json.loads(text)
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_edge_lock_holds_nothing_of_the_server() -> None:
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/edge.txt").read_text(), re.MULTILINE))
    assert not pinned & SERVER_ONLY
