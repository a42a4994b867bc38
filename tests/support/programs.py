"""The real programs as subprocesses: a server, an edge and a relay between them that can be cut."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

STALLAINI = [sys.executable, "-m", "stallaini.cli"]
SITE = "lab"
SITE_FILE = """\
[site]
name = "lab"
title = "The lab"
timezone = "UTC"

[devices.battery]
kind = "can_battery"
bus = "simbus:{bus}"

[link]
ack_timeout_s = 0.5
"""


class Programs:
    """Starts, kills and restarts the server and the edge, on files in one folder, on one shared clock."""

    def __init__(self, folder: Path, clock_file: Path | None = None) -> None:
        self.folder = folder
        self.http_port = free_port(socket.SOCK_STREAM)
        self.coap_port = free_port(socket.SOCK_DGRAM)
        self.bus = folder / "can.sock"
        self.site_file = folder / "site.toml"
        self.site_file.write_text(SITE_FILE.format(bus=self.bus))
        self._clock = [] if clock_file is None else ["--clock", str(clock_file)]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._token = ""

    def run(self, *words: str) -> str:
        """One verb to its end; its standard output."""
        done = subprocess.run([*STALLAINI, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def enrol(self, port: int) -> None:
        """Admit the site, reached by the edge through `port`, and hand the edge its join line."""
        line = self.run(
            "enrol", SITE, "--data", str(self.folder / "server"), "--host", "127.0.0.1", "--port", str(port)
        )
        self.run("edge", "--join", line, "--data", str(self.folder / "edge"))
        self._token = self.run(
            "user", "token", "lab", "--role", "viewer", "--data", str(self.folder / "server")
        )

    def start_server(self) -> None:
        """Start the server and return when it answers."""
        self._start(
            "server",
            "server",
            "--data",
            str(self.folder / "server"),
            "--http",
            f"127.0.0.1:{self.http_port}",
            "--coap",
            f"127.0.0.1:{self.coap_port}",
        )

    def start_edge(self) -> None:
        """Start the edge; it is up when it listens on the bus."""
        self._start("edge", "edge", str(self.site_file), "--data", str(self.folder / "edge"))

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is tidied up."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End what still runs, politely."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(10)

    def alive(self, name: str) -> bool:
        """Whether the program still runs."""
        return self._running[name].poll() is None

    def log(self, name: str) -> str:
        """What the program wrote on its standard error and output so far."""
        return (self.folder / f"{name}.log").read_text()

    async def until_listening(self) -> None:
        """Return when the edge has its bus open; its log is the error when it ends instead."""
        for _ in range(150):
            if "can.open" in self.log("edge"):
                return
            assert self.alive("edge"), self.log("edge")
            await asyncio.sleep(0.1)
        raise AssertionError(self.log("edge"))

    async def ask(self, path: str) -> Any:
        """GET of the HTTP API, decoded."""
        return await asyncio.to_thread(self._ask, path)

    async def until_served(self) -> None:
        """Return when the server answers; its log is the error when it does not."""
        for _ in range(300):
            try:
                await self.ask("/healthz")
                return
            except OSError as error:
                said = f"{error}: {self.log('server')}"
                assert self.alive("server"), said
                await asyncio.sleep(0.1)
        raise AssertionError(said)

    def _ask(self, path: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}", headers={"Authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def _start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen([*STALLAINI, *words, *self._clock], stdout=log, stderr=log)
