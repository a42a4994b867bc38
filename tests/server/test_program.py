"""The server as a program: it starts for certain, says why when it cannot, and stops promptly."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.serving import START_MINUTE, START_S, FakeSite, Running, serving

from stallaini.clock import VirtualClock
from stallaini.edge.exchange import CoapExchange, Refused
from stallaini.errors import OperatorError
from stallaini.link.join import parse_join
from stallaini.link.oscore import ContextStore
from stallaini.server.options import is_loopback, parse_address
from stallaini.server.program import Server, ServerOptions

STALLAINI = [sys.executable, "-m", "stallaini.cli"]


@contextmanager
def server_program(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server subprocess and its URL."""
    command = [*STALLAINI, "server", "--data", str(folder), "--http", "127.0.0.1:0", "--coap", "[::1]:0"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, (line, (folder / "log").read_text())
        yield process, found.group()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_within_two_seconds_even_with_somebody_listening(
    tmp_path: Path, number: signal.Signals
) -> None:
    subprocess.run(
        [*STALLAINI, "enrol", "lab", "--data", str(tmp_path), "--host", "127.0.0.1"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with (
        server_program(tmp_path, "--demo") as (process, url),
        urllib.request.urlopen(f"{url}/api/v1/sites/lab/live", timeout=5) as stream,
    ):
        assert stream.readline() == b"event: now\n"
        asked_s = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert time.monotonic() - asked_s < 2
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_without_any_person_it_says_how_to_add_one(tmp_path: Path) -> None:
    with server_program(tmp_path) as (process, _):
        process.terminate()
        process.wait(5)
    assert "stallaini user add" in (tmp_path / "log").read_text()


async def test_a_taken_port_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ServerOptions(tmp_path, http=taken.getsockname()[:2], coap=("::1", 0))
        server = Server(options, VirtualClock(START_S))
        with pytest.raises(OperatorError, match=r"cannot serve HTTP at 127\.0\.0\.1:\d+: .*--http HOST:PORT"):
            await server.start()
    # Nothing is left open: the next start succeeds.
    async with serving(tmp_path.parent / tmp_path.name):
        pass


async def enrolled(running: Running, folder: Path, *words: str) -> CoapExchange:
    """An edge's way to the server, enrolled by another process while the server runs."""
    port = str(running.server.coap.port)
    command = ["enrol", "lab", "--data", str(folder / "data"), "--host", "::1", "--port", port, *words]
    done = await asyncio.create_subprocess_exec(*STALLAINI, *command, stdout=asyncio.subprocess.PIPE)
    line, _ = await done.communicate()
    return CoapExchange(
        ContextStore(folder / "".join(["edge", *words, ".db"])), parse_join(line.decode()), ack_timeout_s=0.5
    )


async def test_a_site_enrolled_while_the_server_runs_is_heard_at_once_and_counted(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        client = await running.program("viewer")
        exchange = await enrolled(running, tmp_path)
        site = FakeSite(exchange)
        await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
        now = (await client.get("/api/v1/sites/lab/now")).json()
        assert now["channels"]["battery.soc"]["value"] == 62.0

        replacing = await enrolled(running, tmp_path, "--replace")
        site.deliver = replacing
        await site.live({"battery.soc": 63.0})
        with pytest.raises(Refused, match="enrol"):
            await exchange(b"with the old key")
        text = (await client.get("/metrics")).text
        await exchange.close()
        await replacing.close()
    assert "stallaini_ingest_seconds_count 2.0" in text
    assert 'stallaini_refusals_total{reason="wrong_key"} 1.0' in text


async def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path):
        options = ServerOptions(tmp_path / "data", http=("127.0.0.1", 0), coap=("::1", 0))
        with pytest.raises(OperatorError, match="another server runs on"):
            await Server(options, VirtualClock(START_S)).start()


async def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot make the data folder"):
        await Server(ServerOptions(tmp_path / "file" / "data"), VirtualClock(START_S)).start()


async def test_everything_it_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with serving(tmp_path):
        data = tmp_path / "data"
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        for path in data.glob("*.db"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


async def test_answers_on_one_connection_do_not_wait_for_acknowledgements(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        client = running.client()
        taken_s = []
        for _ in range(25):
            begun_s = time.monotonic()
            await client.get("/healthz")
            taken_s.append(time.monotonic() - begun_s)
        # Linux delays an ACK by 40 ms; an answer in two packets would wait for it each time. The fastest
        # tells it on a busy machine too.
        assert min(taken_s) < 0.035


async def test_finished_days_are_sealed_every_hour(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        site = await running.site("lab")
        await site.minutes((START_MINUTE - 4 * 1440, {"battery.soc.last": 60.0}))
        asked: list[int] = []
        seal = running.server.store.seal

        async def counted(now_minute: int) -> object:
            report = await seal(now_minute)
            asked.append(now_minute)
            return report

        running.server.store.seal = counted  # type: ignore[assignment,method-assign]
        client = await running.program("viewer")
        for seconds, times in ((61, 1), (3601, 2)):
            running.clock.advance(seconds)
            while len(asked) < times:
                await client.get("/healthz")
            await client.get("/api/v1/sites")
        found = await client.get(
            "/api/v1/sites/lab/series?name=battery.soc&start=2026-11-12T12:00:00Z&points=1"
        )
        assert [value for value in found.json()["mean"] if value is not None] == [60.0]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_addresses_are_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["8080", ":8080", "::1:8080", "localhost", "localhost:http", "localhost:70000"]
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(Exception, match="HOST:PORT"):
        parse_address(text)


def test_loopback_is_told_from_the_rest() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.0.2.1", "example.org")))
