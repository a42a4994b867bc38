"""`stallaini demo` as a newcomer meets it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.ports import free_port
from tests.support.programs import STALLAINI


class Demo:
    """The running demo and its HTTP API."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self._log = (folder / "demo.log").open("w+")
        self.process = subprocess.Popen(
            [*STALLAINI, "demo", "--http", self.http, "--data", str(folder / "demo"), "--days", "1"],
            stdout=self._log,
            stderr=self._log,
        )

    def said(self) -> str:
        """All it printed so far."""
        self._log.seek(0)
        return self._log.read()

    def until_live(self) -> None:
        """Wait until it says that the house is live."""
        end_s = time.monotonic() + 60
        while "is live" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end_s, self.said()
            time.sleep(0.1)

    def ask(self, path: str) -> Any:
        """GET without any sign-in: the demo lets its own machine in."""
        with urllib.request.urlopen(f"http://{self.http}/api/v1/{path}", timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, static: Path) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        running.until_live()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(10)


def test_it_says_where_the_page_is(demo: Demo) -> None:
    assert f"http://{demo.http}" in demo.said()


def test_values_change_from_second_to_second(demo: Demo) -> None:
    seen = []
    for _ in range(8):
        now = demo.ask("sites/stallaini/now")
        assert now["state"] == "live"
        seen.append(tuple(now["channels"][f"battery.{field}"]["value"] for field in ("voltage", "current")))
        time.sleep(1.1)
    # A battery at rest repeats itself now and then: its sensors' noise is about one step.
    assert len(set(seen)) >= 3


def test_every_device_of_the_house_is_heard_on_its_own_wire(demo: Demo) -> None:
    names = (
        *("battery.soc", "solar.power", "solar.mode", "solar.energy_today", "inverter.ac_power"),
        *("inverter.energy_consumed_today", "cells.cell_voltage_max", "cells.module_2.current", "xcom.link"),
    )
    end_s = time.monotonic() + 30
    while True:
        channels = demo.ask("sites/stallaini/now")["channels"]
        late = [name for name in names if channels[name]["quality"] != "fresh"]
        if not late:
            break
        assert time.monotonic() < end_s, late
        time.sleep(0.5)
    assert channels["xcom.link"]["text"] == "answering"
    assert channels["cells.modules"]["value"] == 2


def test_a_fault_on_demand_reaches_the_page_s_values(demo: Demo) -> None:
    control = demo.folder / "demo" / "twin.sock"
    subprocess.run([*STALLAINI, "twin", "fault", "--control", str(control), "soc-jump", "to=41"], check=True)
    end_s = time.monotonic() + 10
    while demo.ask("sites/stallaini/now")["channels"]["battery.soc"]["value"] != 41:
        assert time.monotonic() < end_s
        time.sleep(0.2)


def test_its_history_is_whole_and_reaches_the_present(demo: Demo) -> None:
    gaps = demo.ask("sites/stallaini/gaps")
    assert gaps["minutes_present"] >= gaps["minutes_expected"] - 2
    assert gaps["minutes_expected"] >= 1438
    soc = [
        value for value in demo.ask("sites/stallaini/series?name=battery.soc")["mean"] if value is not None
    ]
    assert len(soc) > 400
    for name in ("solar.power", "inverter.ac_power", "cells.cell_voltage_max"):
        told = demo.ask(f"sites/stallaini/series?name={name}")["mean"]
        assert sum(value is not None for value in told) > 400, name
    assert max(soc) > min(soc)


def test_the_page_is_there(demo: Demo) -> None:
    with urllib.request.urlopen(f"http://{demo.http}/", timeout=10) as answer:
        assert "<script" in answer.read().decode()


def test_ctrl_c_stops_all_of_it(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    demo.until_live()
    programs = psutil.Process(demo.process.pid).children(recursive=True)
    assert len(programs) == 3
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(10) == 0
    assert demo.said().endswith("stopped\n")
    assert not [program for program in programs if program.is_running()]


def test_a_taken_address_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            [*STALLAINI, "demo", "--http", address, "--data", str(tmp_path / "demo")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"cannot serve at {address}" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    done = subprocess.run(
        [*STALLAINI, "demo", "--http", "127.0.0.1:1", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (tmp_path / "letters.txt").read_text() == "dear"
