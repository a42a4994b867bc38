"""A made-up site and an edge reduced to its words, for tests of what receives them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.link.codec_range import RangeCodec
from stallaini.link.downlink import decode_downlink
from stallaini.link.envelope import HeadForm, encode_uplink
from stallaini.link.messages import Downlink, Entry, Event, Live, Minute, Uplink
from stallaini.link.model import series_kinds
from stallaini.server.database import Database
from stallaini.server.ingest import Ingest
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.description import ChannelSpec, Description, DeviceSpec, SeriesSpec

DAY = 1440
NOON_MINUTE = 1_783_252_800 // 60
"""2026-07-05T12:00Z in minutes."""

SERIES = ("battery.current.mean", "battery.current.min", "battery.current.max", "battery.soc.last")


def a_description(
    series: Sequence[str] = SERIES, title: str = "Noto", resolution: float = 0.1
) -> Description:
    """A site with these series, all in ampere steps of `resolution` but for percent ones of 0.01."""
    specs = []
    for name in series:
        channel, aggregate = name.rsplit(".", 1)
        percent = channel.endswith("soc")
        unit, step = ("%", 0.01) if percent else ("A", resolution)
        specs.append(SeriesSpec(name, channel, aggregate, unit, step))
    channels = {s.channel: ChannelSpec(s.channel, "current", s.unit, s.resolution, 5.0) for s in specs}
    return Description(
        site="noto",
        title=title,
        timezone="Europe/Rome",
        latitude=36.9,
        longitude=15.1,
        devices=(DeviceSpec("battery", "can_battery", "Battery"),),
        channels=tuple(channels.values()),
        series=tuple(specs),
        loads=(),
    )


class Ear:
    """A live hub that only remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Live | Minute]] = []
        self.watched_s = 0

    def publish(self, site: str, news: Live | Minute, description: Description) -> None:
        self.heard.append((site, news))

    def alarmed(self, site: str) -> None:
        pass

    def watching_s(self, site: str) -> int:
        return self.watched_s

    @property
    def minutes(self) -> list[int]:
        return [news.minute for _, news in self.heard if isinstance(news, Minute)]


class Server:
    """Ingest on a real store in a real file, under a virtual clock."""

    def __init__(self, folder: Path, now_minute: int = NOON_MINUTE + 2 * DAY) -> None:
        self.clock = VirtualClock(wall_s=now_minute * 60.0, monotonic_s=10_000.0)
        self.database = Database(folder / "server.db")
        self.store = SqliteStore(self.database)
        self.ear = Ear()
        self.ingest = Ingest(self.store, self.clock, self.ear)
        # The server has been up for a while, so that it trusts its own clock.
        self.clock.advance(3600)
        self.clock.step_wall(-3600)

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator[Server]:
        server = cls(folder)
        try:
            yield server
        finally:
            server.database.close()


class Edge:
    """What an edge would say: numbered entries, its head, its base. Knows nothing of retrying."""

    def __init__(self, site: str = "noto", description: Description | None = None, journal: int = 1) -> None:
        self.site = site
        self.description = description or a_description()
        self.journal_id = journal.to_bytes(8, "big")
        self.boot_id = b"bootboot"
        self.seq = 0

    def entries(self, bodies: Sequence[Minute | Event]) -> tuple[Entry, ...]:
        """The bodies with the next sequence numbers."""
        first = self.seq + 1
        self.seq += len(bodies)
        return tuple(Entry(first + index, body) for index, body in enumerate(bodies))

    def uplink(
        self,
        entries: Sequence[Entry] = (),
        *,
        after_seq: int | None = None,
        lost_before: bool = False,
        described: bool = True,
        live: Live | None = None,
    ) -> Uplink:
        """An uplink with these entries; without `after_seq` it follows right on the one before."""
        if after_seq is None:
            after_seq = entries[0].seq - 1 if entries else self.seq
        return Uplink(
            journal_id=self.journal_id,
            boot_id=self.boot_id,
            description_hash=self.description.hash(),
            after_seq=after_seq,
            entries=tuple(entries),
            lost_before=lost_before,
            description=self.description.encode() if described else None,
            live=live,
        )

    async def send(
        self,
        server: Server,
        uplink: Uplink,
        base: Entry | None = None,
        *,
        form: HeadForm = HeadForm.FULL,
    ) -> Downlink:
        """One exchange."""
        payload = encode_uplink(uplink, base, form=form, codec=RangeCodec(series_kinds(self.description)))
        return decode_downlink(await server.ingest.handle(self.site, payload), uplink.settled_seq)

    async def tell(self, server: Server, *bodies: Minute | Event) -> Downlink:
        """Send new entries self-contained, with the description."""
        return await self.send(server, self.uplink(self.entries(bodies)))


def minute(number: int, *values: int | None, span_minutes: int = 1) -> Minute:
    """A minute of the four default series; without values some that depend on the minute."""
    found = values or (number % 97 - 40, number % 97 - 60, number % 97, 5000 + number % 1000)
    return Minute(number, found, span_minutes)
