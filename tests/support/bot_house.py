"""A real server with a real store, fed by the real ingest, and the real bot program beside it."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from tests.support.telegram import TOKEN, Talk, TelegramStandIn

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.link.downlink import decode_downlink
from stallaini.link.envelope import encode_uplink
from stallaini.link.messages import Answer, Entry, Event, Live, Minute, Scalar, Uplink
from stallaini.link.oscore import ContextStore
from stallaini.server.alarms.desk import AlarmDesk
from stallaini.server.alarms.notify_file import Means
from stallaini.server.alarms.patrol import Patrol
from stallaini.server.api.app import create_app
from stallaini.server.api.http import HttpServer
from stallaini.server.api.services import Services
from stallaini.server.coap import CoapEndpoint
from stallaini.server.commands import Commands
from stallaini.server.database import FILE_NAME, Database
from stallaini.server.ingest import Ingest
from stallaini.server.link_door import LinkDoor
from stallaini.server.live import LiveHub
from stallaini.server.metrics import Metrics
from stallaini.server.options import CONTEXTS_FILE
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.invitations import Offer
from stallaini.server.people.people import People
from stallaini.server.people.roles import SiteRole
from stallaini.server.people.tokens import Scope
from stallaini.server.sites import Sites
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import parse_site
from stallaini.site.description import Description

NOW = datetime(2026, 11, 23, 9, 17, 40, tzinfo=UTC)
PASSWORD = "melograno-2026"
SITE, TITLE = "noto", "Stallaini"
MINUTE = int(NOW.timestamp()) // 60
GAP = range(MINUTE - 1440, MINUTE - 1440 + 95)
_ENTRIES_A_MESSAGE = 200

Result = TypeVar("Result")
Values = Mapping[str, float | bool | None]

_SITE_FILE = """\
[site]
name = "{name}"
title = "{title}"
timezone = "Europe/Rome"
latitude = 36.89
longitude = 15.07

[devices.battery]
kind = "can_battery"
bus = "virtual:x"
{more}"""


def battery(minute: int) -> Values:
    """A battery that charges by day and is discharged by night."""
    sun = math.sin((minute % 1440 - 360) / 720 * math.pi)
    current_a = round(40 * max(0.0, sun) - 12.5, 1)
    return {
        "battery.current": current_a,
        "battery.voltage": 50.12,
        "battery.power": round(50.12 * current_a),
        "battery.soc": round(60 + 20 * math.sin((minute % 1440 - 600) / 720 * math.pi), 2),
        "battery.temperature": round(21.4 + 3 * sun, 1),
        "battery.charge_current_limit": 148.0,
        "battery.discharge_current_limit": 160.0,
        "battery.charge_voltage_limit": 53.2,
        "battery.discharge_voltage_limit": 45.0,
        "battery.charge_enabled": True,
        "battery.discharge_enabled": True,
    }


LIVE: Values = {
    **battery(MINUTE),
    "battery.current": -23.4,
    "battery.power": -1173.0,
    "battery.soc": 62.4,
    "battery.temperature": 21.4,
    "battery.alarm.low_voltage": False,
}


def admitted(telegram: TelegramStandIn, chat_id: int, language: str = "en") -> Talk:
    """A chat that has given the password."""
    talk = telegram.talk(chat_id, language)
    talk.asks(f"/start {PASSWORD}")
    return talk


def described(name: str, title: str, more: str = "") -> Description:
    """The description of a site with the real battery device, and `more` in its file."""
    return parse_site(_SITE_FILE.format(name=name, title=title, more=more), load_kinds()).description


class BotHouse:
    """The server on a loopback port, in a thread with its own event loop and a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(wall_s=NOW.timestamp(), monotonic_s=50_000.0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._database = Database(folder / FILE_NAME)
        self._store = SqliteStore(self._database)
        self._hub = LiveHub(self.clock)
        self.people = People(self._database, self.clock)
        self.desk = self.run(self._open_desk())
        self._ingest = Ingest(self._store, self.clock, self._hub, alarmed=self.desk.heard)
        self._telling = asyncio.run_coroutine_threadsafe(self.desk.run(), self._loop)
        self.commands = Commands(self._store, self.clock, poke=lambda _site: False)
        self._contexts = ContextStore(folder / CONTEXTS_FILE)
        self._http: HttpServer | None = None
        self.url = ""
        self._folder = folder
        self._seqs: dict[str, int] = {}
        self._descriptions: dict[str, Description] = {}
        self.run(self.people.chats.set_password(PASSWORD, OPERATOR))
        tokens = self.people.tokens
        self.token = self.run(tokens.make_for_server(Scope("telegram", "bot", "*"), OPERATOR))[0]
        self.viewer_token = self.run(tokens.make_for_server(Scope("page", "viewer", "*"), OPERATOR))[0]
        self.open()

    async def _open_desk(self) -> AlarmDesk:
        patrol = Patrol(self._database, self._store, self.clock, self._hub)
        return AlarmDesk(self._database, self._store, self.clock, patrol, {})

    def open(self) -> None:
        """Let the server answer, after the first time at the same address."""
        port = int(self.url.rsplit(":", 1)[1]) if self.url else 0
        services = Services(
            store=self._store,
            sites=Sites(self._store, self._hub, self.clock),
            people=self.people,
            hub=self._hub,
            commands=self.commands,
            metrics=Metrics(),
            link=LinkDoor(CoapEndpoint(self._contexts, self._ingest.handle, self.clock)),
            alarms=self.desk,
            means=Means(),
            clock=self.clock,
            static_dir=self._folder,
        )
        self._http = HttpServer(create_app(services), "127.0.0.1", port)
        self.run(self._http.start())
        self.url = self._http.url

    def shut(self) -> None:
        """Take the server down, as for a restart."""
        if self._http is not None:
            self.run(self._http.close())
            self._http = None

    def close(self) -> None:
        """End everything."""
        self.desk.close()
        self.shut()
        self._telling.cancel()
        self.run(asyncio.sleep(0.01))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._database.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the server's event loop."""
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(60)

    def invite(self, role: SiteRole, site: str = SITE) -> str:
        """A code that lets somebody in."""
        offer = Offer("en", role, site)
        return self.run(self.people.invitations.make(offer, 3600, OPERATOR))[0]

    def watching_s(self, site: str) -> int:
        """For how long the site is looked at from now on."""
        return self._hub.watching_s(site)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._loop.call_soon_threadsafe(self.clock.advance, seconds)
        self.run(asyncio.sleep(0))

    def add_site(self, name: str, title: str, more: str = "") -> None:
        """Admit a site that has never been heard; `more` stands in its file."""
        self.run(self._store.add_site(name, int(NOW.timestamp()) - 90 * 86_400))
        self._descriptions[name] = described(name, title, more)
        self._seqs[name] = 0

    def minutes(self, site: str, history: Mapping[int, Values], span_minutes: int = 1) -> None:
        """Send the records of these minutes (whole minutes since 1970) through the real ingest."""
        series = self._descriptions[site].series
        bodies = [
            Minute(
                number,
                tuple(_fixed(values.get(one.channel), one.aggregate, one.resolution) for one in series),
                span_minutes,
            )
            for number, values in history.items()
        ]
        for start in range(0, len(bodies), _ENTRIES_A_MESSAGE):
            self._send(site, bodies[start : start + _ENTRIES_A_MESSAGE])

    def month_of_history(self, site: str) -> None:
        """Thirty days up to now, the last three minute by minute, with one `GAP`."""
        fine = MINUTE - 3 * 1440
        self.minutes(site, {m: battery(m) for m in range(fine - 27 * 1440, fine, 15)}, span_minutes=15)
        self.minutes(site, {m: battery(m) for m in range(fine, MINUTE) if m not in GAP})

    def event(self, site: str, at: datetime, kind: str, /, **data: Scalar) -> None:
        """Send one event."""
        self._send(site, [Event(int(at.timestamp()), kind, dict(data))])

    def live(self, site: str, values: Values) -> None:
        """Send live values, one second old; channels left out are not reported."""
        channels = self._descriptions[site].channels
        shown = tuple(
            None if (value := values.get(one.name)) is None else (round(value / one.resolution), 1)
            for one in channels
        )
        self._send(site, [], Live(int(self.clock.wall_s()), shown))

    def _send(self, site: str, bodies: Sequence[Minute | Event], live: Live | None = None) -> None:
        description, after_seq = self._descriptions[site], self._seqs[site]
        self._seqs[site] += len(bodies)
        uplink = Uplink(
            journal_id=b"journal1",
            boot_id=b"bootboot",
            description_hash=description.hash(),
            after_seq=after_seq,
            entries=tuple(Entry(after_seq + 1 + index, body) for index, body in enumerate(bodies)),
            description=description.encode(),
            live=live,
        )
        downlink = decode_downlink(
            self.run(self._ingest.handle(site, encode_uplink(uplink))), uplink.settled_seq
        )
        assert (downlink.answer, downlink.acked_seq) == (Answer.OK, self._seqs[site])


def _fixed(value: float | bool | None, aggregate: str, resolution: float) -> int | None:
    """A series' value: the lowest and highest of a minute lie 4 and 6 steps of 0.5 off its mean."""
    if value is None:
        return None
    spread = {"min": -2.0, "max": 3.0}.get(aggregate, 0.0) if resolution == 0.1 else 0.0
    return round((value + spread) / resolution)


class BotProcess:
    """`stallaini bot` as a process of its own."""

    def __init__(
        self, folder: Path, api_url: str, telegram_url: str, api_token: str, token: str = TOKEN
    ) -> None:
        self.log_file = folder / "bot.log"
        files = {"api": folder / "api.token", "telegram": folder / "telegram.token"}
        for file, secret in zip(files.values(), (api_token, token), strict=True):
            file.touch(mode=0o600)
            file.write_text(secret + "\n")
        words = ["bot", "--api", api_url, "--telegram-url", telegram_url]
        for name, file in files.items():
            words += [f"--{name}-token-file", str(file)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stallaini.cli", *words], stdout=log, stderr=log, env=dict(os.environ)
            )

    @property
    def log(self) -> str:
        """What the program wrote so far."""
        return self.log_file.read_text()

    def wait(self, timeout_s: float = 20.0) -> int:
        """Wait for the program's own end; its exit code."""
        return self._process.wait(timeout_s)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the program to end; its exit code."""
        self._process.send_signal(number)
        return self.wait()

    def kill_if_running(self) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def until(what: str, ready: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Return when `ready()`; AssertionError after `timeout_s`."""
    pause = threading.Event()
    for _ in range(int(timeout_s / 0.05)):
        if ready():
            return
        pause.wait(0.05)
    raise AssertionError(f"waited {timeout_s} s in vain for {what}")
