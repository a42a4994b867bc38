"""The edge installs and runs alone: a fresh environment with the edge's lock, and nothing of the server."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore

ROOT = Path(__file__).resolve().parents[2]
SERVER_PARTS = [
    "fastapi",
    "uvicorn",
    "matplotlib",
    "numpy",
    "telegram",
    "httpx",
    "argon2",
    "prometheus_client",
]
SITE = """
[site]
name = "alone"
title = "Edge alone"
timezone = "UTC"
[devices.battery]
kind = "can_battery"
bus = "simbus:{bus}"
"""


def _run(*words: str | Path) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, static: Path) -> Path:
    """This package as it is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def edge_python(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """A new environment with the edge's pinned packages and this package's wheel."""
    folder = tmp_path_factory.mktemp("edge-only")
    _run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "edge.txt")
    _run(*pip, "--no-deps", wheel)
    return python


def test_the_wheel_holds_the_built_page_and_the_profiles_but_no_sources_of_the_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "stallaini/web/static/index.html" in names
    assert "stallaini/devices/can_battery/profiles/generic.toml" in names
    assert not [name for name in names if name.endswith((".ts", ".tsx"))]


def test_nothing_of_the_server_is_installed(edge_python: Path) -> None:
    found = _run(
        edge_python,
        "-c",
        f"import importlib.util as u; print([p for p in {SERVER_PARTS} if u.find_spec(p)])",
    )
    assert found.strip() == "[]"


def test_a_verb_of_the_server_says_what_is_missing(edge_python: Path) -> None:
    done = subprocess.run(
        [edge_python, "-m", "stallaini.cli", "server"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "install stallaini with the extra" in done.stderr


def test_the_edge_starts_and_hears_its_battery(edge_python: Path, tmp_path: Path) -> None:
    site_file = tmp_path / "site.toml"
    site_file.write_text(SITE.format(bus=tmp_path / "can"))
    join = admit(ContextStore(tmp_path / "contexts.db"), "alone", "127.0.0.1", 9)
    stallaini = [str(edge_python), "-m", "stallaini.cli"]
    log_path = tmp_path / "edge.log"
    with log_path.open("w") as log:
        twin = subprocess.Popen([*stallaini, "twin", "--bus", f"simbus:{tmp_path / 'can'}"], stderr=log)
        edge = subprocess.Popen(
            [*stallaini, "edge", str(site_file), "--data", str(tmp_path / "data"), "--join", join.line()],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(log_path, "battery.profile")
    finally:
        for program in (edge, twin):
            program.terminate()
        codes = [program.wait(10) for program in (edge, twin)]
    assert codes == [0, 0], log_path.read_text()


def _wait_for(log_path: Path, words: str) -> None:
    for _ in range(150):
        if words in log_path.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(log_path.read_text())
