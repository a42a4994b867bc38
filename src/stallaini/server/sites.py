"""Sites as people ask about them: the store's knowledge and the live hub's, put together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from stallaini.clock import Clock
from stallaini.server.api.models import ChannelValue, Now, SiteListed
from stallaini.server.api.problems import Problem
from stallaini.server.live import LiveHub
from stallaini.server.now import any_fresh, channels_now, newest_age_s, site_state
from stallaini.server.people.roles import Grants
from stallaini.server.store.base import SiteRow, Store
from stallaini.server.times import iso, iso_minute
from stallaini.site.description import Description

SITES_HINT = "GET /api/v1/sites lists them"
# Minutes that another process put into the store are seen after this long.
_KEPT_S = 30.0


class _Known(NamedTuple):
    row: SiteRow
    description: Description
    latest: dict[str, tuple[int, int]]
    minutes_published: int
    read_monotonic_s: float


class Sites:
    """Answers from the store, with what it read of a site's newest minutes kept until newer ones come."""

    def __init__(self, store: Store, hub: LiveHub, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._kept: dict[str, _Known] = {}

    async def listed(self, grants: Grants) -> list[SiteListed]:
        """Every site that may be looked at, with its state."""
        return [self._listed(row) for row in await self._store.sites() if grants.at(row.site)]

    async def description(self, site: str) -> Description:
        """What the site says it is; an empty one before its first word. Raises a 404 problem."""
        found = await self._store.description(site)
        return found or _undescribed(await self._row(site))

    async def history(self, site: str) -> Description:
        """What can be asked of the past: what the site says it is, and the series that only an import has.

        Raises a 404 problem.
        """
        own = await self._store.description(site)
        imported = await self._store.imported_description(site)
        if own is None or imported is None:
            return own or imported or await self.description(site)
        return _joined(own, imported)

    async def now(self, site: str) -> Now:
        """The newest value of every channel with its age at this instant. Raises a 404 problem."""
        known = await self._known(site)
        monotonic_s, wall_s = self._clock.monotonic_s(), self._clock.wall_s()
        snapshot = self._hub.snapshot(site)
        description = self._hub.description(site) or known.description
        channels = channels_now(description, snapshot, known.latest, monotonic_s, wall_s)
        fresh = any(channel.quality == "fresh" for channel in channels)
        return Now(
            site=site,
            at=iso(wall_s),
            state=site_state(fresh, self._heard_s(known.row), wall_s),
            age_s=newest_age_s(channels),
            channels={
                c.name: ChannelValue(
                    value=c.value, unit=c.unit, age_s=c.age_s, quality=c.quality, text=c.text
                )
                for c in channels
            },
        )

    async def _row(self, site: str) -> SiteRow:
        rows = {row.site: row for row in await self._store.sites()}
        if site not in rows:
            raise unknown("site", site, rows, SITES_HINT)
        return rows[site]

    async def _known(self, site: str) -> _Known:
        known = self._kept.get(site)
        published, monotonic_s = self._hub.minutes_published(site), self._clock.monotonic_s()
        if known and known.minutes_published == published and monotonic_s - known.read_monotonic_s < _KEPT_S:
            return known
        row = await self._row(site)
        description = await self._store.description(site) or _undescribed(row)
        latest = await self._store.latest(site)
        known = self._kept[site] = _Known(row, description, latest, published, monotonic_s)
        return known

    def _listed(self, row: SiteRow) -> SiteListed:
        heard_s, wall_s = self._heard_s(row), self._clock.wall_s()
        fresh = any_fresh(self._hub.snapshot(row.site), self._clock.monotonic_s(), wall_s)
        return SiteListed(
            site=row.site,
            title=row.title,
            timezone=row.timezone,
            state=site_state(fresh, heard_s, wall_s),
            last_minute_at=None if row.last_minute is None else iso_minute(row.last_minute),
            heard_at=None if heard_s is None else iso(int(heard_s)),
        )

    def _heard_s(self, row: SiteRow) -> float | None:
        heard = [at_s for at_s in (row.heard_s, self._hub.heard_wall_s(row.site)) if at_s is not None]
        return max(heard, default=None)


def unknown(what: str, name: str, known: Iterable[str], where: str) -> Problem:
    """The 404 problem of a name nobody knows, with the nearest known one."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    return Problem(404, f"unknown-{what}", f"there is no {what} {name!r}; {hint}{where}")


def _joined(own: Description, imported: Description) -> Description:
    channels = {channel.name for channel in own.channels}
    series = {each.name for each in own.series}
    return msgspec.structs.replace(
        own,
        channels=(*own.channels, *(each for each in imported.channels if each.name not in channels)),
        series=(*own.series, *(each for each in imported.series if each.name not in series)),
    )


def _undescribed(row: SiteRow) -> Description:
    return Description(row.site, row.title, row.timezone, None, None, (), (), (), ())
