"""Alarms: looked at, acknowledged, snoozed; how they are told; what a day or a week was like."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request

from stallaini.server.alarms import life, outbox, rows
from stallaini.server.alarms.digest import Digest
from stallaini.server.alarms.digest_words import digest_message
from stallaini.server.alarms.settings import (
    Contact,
    Period,
    Quiet,
    SiteSettings,
    Told,
    check_contact,
    check_settings,
)
from stallaini.server.alarms.tomorrow import Range, Tomorrow
from stallaini.server.api import alarm_models as shapes
from stallaini.server.api.account import by
from stallaini.server.api.paging import AfterTime, Limit, Place, page_by_time, wanted
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import (
    PREFIX,
    AnyActor,
    Operator,
    Parts,
    PersonActor,
    Services,
    SiteName,
    Viewer,
)
from stallaini.server.people.roles import Actor
from stallaini.server.times import Day, Instant, iso
from stallaini.site.billing import load_zone, local_day

_DEFAULT_SNOOZE_MIN = 60
_LONGEST_SNOOZE_S = 7 * 86_400
_OPEN: tuple[life.State, ...] = ("raised", "acknowledged", "snoozed", "escalated")

router = APIRouter(prefix=PREFIX, tags=["alarms"], responses=problems(401, 403, 422))

Wanted = Annotated[
    Literal["open", "all", "raised", "acknowledged", "snoozed", "escalated", "cleared"],
    Query(description="`open`: all but cleared ones."),
]
Before = Annotated[Instant | None, Query(description="Only those raised before.")]
AlarmId = Annotated[str, Path(alias="id", min_length=1, max_length=40)]


@router.get("/alarms")
async def list_all_alarms(
    parts: Parts,
    actor: AnyActor,
    state: Wanted = "open",
    limit: Limit = 100,
    before: Before = None,
    after: AfterTime = None,
) -> shapes.Alarms:
    """The alarms of every site that may be looked at, newest first."""
    return await _page(parts, actor.grants.sites(), state, limit, before, Place.of(after))


@router.get("/sites/{site}/alarms", responses=problems(404))
async def list_alarms(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    state: Wanted = "open",
    limit: Limit = 100,
    before: Before = None,
    after: AfterTime = None,
) -> shapes.Alarms:
    """The alarms of a site, newest first."""
    await parts.sites.description(site)
    return await _page(parts, [site], state, limit, before, Place.of(after))


@router.get("/alarms/{id}", responses=problems(404))
async def read_alarm(id_: AlarmId, parts: Parts, actor: AnyActor) -> shapes.AlarmDetail:
    """One alarm with its history, and who was told."""
    alarm = await _permitted(id_, parts, actor, "viewer")
    changes, told = await parts.alarms.read(lambda c: (rows.history(c, alarm), outbox.listed(c, alarm)))
    return shapes.AlarmDetail(
        alarm=_shown(alarm),
        changes=[
            shapes.AlarmChange(version=one.version, at=iso(one.at_s), change=one.change, by=one.who)
            for one in changes
        ],
        told=[
            shapes.AlarmTold(
                person=one.person,
                way=one.way,
                shown_version=one.shown,
                shown_at=_iso(one.shown_s),
                given_up=one.given_up,
                error=one.error,
            )
            for one in told
        ],
    )


@router.post("/alarms/{id}/ack", responses=problems(404))
async def acknowledge(id_: AlarmId, parts: Parts, actor: AnyActor) -> shapes.Alarm:
    """Take care of an alarm: it is not escalated any more, and everybody sees who does."""
    await _permitted(id_, parts, actor, "operator")
    alarm = await parts.alarms.acknowledge(id_, actor.name)
    if alarm is None:
        raise _unknown(id_)
    return _shown(alarm)


@router.post("/alarms/{id}/snooze", responses=problems(404, 409))
async def snooze(id_: AlarmId, request: shapes.Snooze, parts: Parts, actor: AnyActor) -> shapes.Alarm:
    """Silence an alarm for a while (an hour if nothing is said); if it still stands then, it is told anew."""
    found = await _permitted(id_, parts, actor, "operator")
    if not found.open:
        raise Problem(409, "alarm-over", "this alarm is over; there is nothing to silence")
    now_s = int(parts.clock.wall_s())
    until_s = request.until
    if until_s is None:
        until_s = now_s + (request.minutes or _DEFAULT_SNOOZE_MIN) * 60
    if not now_s < until_s <= now_s + _LONGEST_SNOOZE_S:
        raise Problem(422, "invalid-request", "until must lie ahead, at most a week")
    alarm = await parts.alarms.snooze(id_, actor.name, until_s)
    if alarm is None:
        raise _unknown(id_)
    return _shown(alarm)


@router.get("/sites/{site}/alarm-settings", responses=problems(404))
async def read_settings(site: SiteName, parts: Parts, _: Operator) -> shapes.AlarmSettings:
    """How the alarms of a site are told."""
    await parts.sites.description(site)
    return _settings(await parts.alarms.settings(site))


@router.put("/sites/{site}/alarm-settings", responses=problems(404))
async def change_settings(
    site: SiteName, change: shapes.AlarmSettingsChange, request: Request, parts: Parts, actor: AnyActor
) -> shapes.AlarmSettings:
    """Say how the alarms of a site are told; needs the role admin there. The mute stays as it is."""
    await parts.check_site(actor, "admin", site)
    told = None if change.told is None else tuple(_told(one) for one in change.told)
    wanted = SiteSettings(
        quiet=None if change.quiet is None else Quiet(change.quiet.start, change.quiet.end),
        escalate_after_min=change.escalate_after_min,
        told=told,
    )
    fault = check_settings(wanted)
    if fault is not None:
        raise Problem(422, "invalid-request", fault)
    changed = await parts.alarms.change_settings(
        site, lambda old: msgspec.structs.replace(wanted, mute_until_s=old.mute_until_s), by(actor, request)
    )
    return _settings(changed)


@router.put("/sites/{site}/mute", responses=problems(404))
async def mute(
    site: SiteName, silence: shapes.Mute, request: Request, parts: Parts, actor: Operator
) -> shapes.AlarmSettings:
    """Tell nothing new of a site while somebody works on it; what comes and goes meanwhile is never told."""
    await parts.sites.description(site)
    until_s = None if silence.minutes is None else int(parts.clock.wall_s()) + silence.minutes * 60
    changed = await parts.alarms.change_settings(
        site, lambda old: msgspec.structs.replace(old, mute_until_s=until_s), by(actor, request)
    )
    return _settings(changed)


@router.get("/account/contact")
async def read_contact(parts: Parts, actor: PersonActor) -> shapes.Contact:
    """Where you are told of alarms besides Telegram."""
    found = await parts.alarms.contact(actor.name)
    return shapes.Contact(email=found.email, webhook=found.webhook, ntfy=found.ntfy)


@router.put("/account/contact")
async def change_contact(request: shapes.Contact, parts: Parts, actor: PersonActor) -> shapes.Contact:
    """Say where you are told of alarms besides Telegram; only by ways that this server has."""
    wanted = Contact(request.email, request.webhook, request.ntfy)
    fault = check_contact(wanted)
    if fault is None and wanted.webhook:
        fault = parts.means.webhook_fault(wanted.webhook)
    if fault is not None:
        raise Problem(422, "invalid-request", fault)
    await parts.alarms.set_contact(actor.name, wanted)
    return request


@router.get("/sites/{site}/digest", responses=problems(404))
async def read_digest(
    site: SiteName,
    parts: Parts,
    actor: Viewer,
    period: Period = "day",
    end: Annotated[Day | None, Query(description="The first day after it; default today.")] = None,
) -> shapes.Digest:
    """What the last whole day or the last seven were like, in figures and in the asker's language."""
    description = await parts.sites.description(site)
    now_s = parts.clock.wall_s()
    last = end or local_day(now_s, load_zone(description.timezone))
    first = last - timedelta(days=1 if period == "day" else 7)
    try:
        found = await parts.alarms.digest(site, first, last)
    except KeyError:
        raise Problem(
            404, "unknown-site", f"{site} has never told what it is; nothing is known of it"
        ) from None
    return _digest(found, digest_message(found, actor.language).plain(), last)


async def _permitted(
    id_: str, parts: Services, actor: Actor, role: Literal["viewer", "operator"]
) -> life.Alarm:
    """The alarm, for whoever has the role at its site; others learn nothing of it."""
    alarm = await parts.alarms.find(id_)
    if alarm is None or actor.grants.at(alarm.site) is None:
        raise _unknown(id_)
    await parts.check_role(actor, role, alarm.site)
    return alarm


def _unknown(id_: str) -> Problem:
    return Problem(404, "unknown-alarm", f"there is no alarm {id_!r}; GET {PREFIX}/alarms lists them")


async def _page(
    parts: Services,
    sites: Collection[str] | None,
    state: str,
    limit: int,
    before_s: int | None,
    place: Place | None,
) -> shapes.Alarms:
    ends_s = [before_s, None if place is None else place.at_s + 1]
    end_s = min((each for each in ends_s if each is not None), default=None)
    count = wanted(place, limit)
    found = await parts.alarms.read(lambda c: rows.listed(c, sites, _states(state), count, end_s))
    shown, following = page_by_time(found, lambda alarm: alarm.raised_s, place, limit)
    return shapes.Alarms(alarms=[_shown(alarm) for alarm in shown], next=following)


def _states(wanted: str) -> tuple[str, ...]:
    if wanted == "open":
        return _OPEN
    return (*_OPEN, "cleared") if wanted == "all" else (wanted,)


def _told(one: shapes.Told) -> Told:
    return Told(
        one.person, tuple(dict.fromkeys(one.ways)), one.severity, one.turn, tuple(dict.fromkeys(one.digest))
    )


def _settings(found: SiteSettings) -> shapes.AlarmSettings:
    told = None
    if found.told is not None:
        told = [
            shapes.Told(
                person=one.person,
                ways=list(one.ways),
                severity=one.severity,
                turn=one.turn,
                digest=list(one.digest),
            )
            for one in found.told
        ]
    return shapes.AlarmSettings(
        mute_until=_iso(found.mute_until_s),
        quiet=None if found.quiet is None else shapes.Quiet(start=found.quiet.start, end=found.quiet.end),
        escalate_after_min=found.escalate_after_min,
        told=told,
    )


def _digest(found: Digest, text: str, end: date) -> shapes.Digest:
    lowest = found.lowest
    return shapes.Digest(
        site=found.site,
        first=found.first.isoformat(),
        end=end.isoformat(),
        energy=[
            shapes.DigestEnergy(channel=e.channel, in_kwh=round(e.in_kwh, 3), out_kwh=round(e.out_kwh, 3))
            for e in found.energy
        ],
        lowest_soc=None
        if lowest is None
        else shapes.DigestLowest(soc_pct=lowest.soc_pct, at=iso(lowest.at_s)),
        loads=[
            shapes.DigestLoad(load=u.load, title=u.title, kwh=round(u.kwh, 3), minutes_on=u.minutes_on)
            for u in found.loads
        ],
        used_bytes=found.used_bytes,
        plan_bytes=found.plan_bytes,
        minutes_expected=found.minutes_expected,
        minutes_present=found.minutes_present,
        tomorrow=None if found.tomorrow is None else _tomorrow(found.tomorrow),
        text=text,
    )


def _tomorrow(found: Tomorrow) -> shapes.DigestTomorrow:
    return shapes.DigestTomorrow(
        day=found.day.isoformat(),
        days=found.days,
        sun=_range(found.sun),
        house=_range(found.house),
        generator=_range(found.generator),
        battery_kwh=None if found.battery_kwh is None else round(found.battery_kwh, 3),
        soc_pct=None if found.soc_pct is None else round(found.soc_pct, 1),
        full_days=found.full_days,
    )


def _range(kwh: Range | None) -> shapes.DigestRange | None:
    if kwh is None:
        return None
    median_kwh, lowest_kwh, highest_kwh = (round(each, 3) for each in kwh)
    return shapes.DigestRange(median_kwh=median_kwh, lowest_kwh=lowest_kwh, highest_kwh=highest_kwh)


def _shown(alarm: life.Alarm) -> shapes.Alarm:
    rule = alarm.rule
    return shapes.Alarm(
        id=alarm.id,
        site=alarm.site,
        rule=rule.name,
        severity=rule.severity,
        title_en=rule.title_en,
        title_it=rule.title_it,
        state=alarm.state,
        channel=rule.channel,
        value=alarm.value,
        unit=rule.unit,
        detail=alarm.detail,
        stale_since=_iso(alarm.stale_s),
        raised_at=iso(alarm.raised_s),
        cleared_at=_iso(alarm.cleared_s),
        count=alarm.count,
        acknowledged_by=alarm.acked_by,
        acknowledged_at=_iso(alarm.acked_s),
        snoozed_by=alarm.snoozed_by,
        snoozed_until=_iso(alarm.snoozed_until_s),
        step=alarm.step,
        version=alarm.version,
    )


def _iso(at_s: int | None) -> str | None:
    return None if at_s is None else iso(at_s)
