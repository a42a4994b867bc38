"""The shapes of the API about alarms, their settings, digests and the outbox."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from stallaini.server.alarms.life import Change, Severity, State
from stallaini.server.alarms.outbox import Outcome
from stallaini.server.alarms.settings import Period, Way
from stallaini.server.api.models import example
from stallaini.server.api.people_models import Name, TelegramId
from stallaini.server.times import Instant, IsoTime

_AT, _LATER = "2026-11-16T02:14:00Z", "2026-11-16T03:20:00Z"
_ALARM = {
    "id": "5f0c7a91b2d3e4f6",
    "site": "noto",
    "rule": "soc_very_low",
    "severity": "critical",
    "title_en": "Battery nearly empty",
    "title_it": "Batteria quasi scarica",
    "state": "snoozed",
    "channel": "battery.soc",
    "value": 9.8,
    "unit": "%",
    "detail": "",
    "stale_since": None,
    "raised_at": _AT,
    "cleared_at": None,
    "count": 1,
    "acknowledged_by": None,
    "acknowledged_at": None,
    "snoozed_by": "anna",
    "snoozed_until": _LATER,
    "step": 0,
    "version": 2,
}
_QUIET = {"start": "22:30", "end": "07:00"}
_TOLD = {"person": "anna", "ways": ["telegram", "email"], "severity": "warning", "turn": 0, "digest": ["day"]}
_SETTINGS = {"mute_until": None, "quiet": _QUIET, "escalate_after_min": 15, "told": [_TOLD]}
_CONTACT = {"email": "anna@example.org", "webhook": "", "ntfy": ""}
_DIGEST = {
    "site": "noto",
    "first": "2026-11-15",
    "end": "2026-11-16",
    "energy": [{"channel": "battery.power", "in_kwh": 6.1, "out_kwh": 5.4}],
    "lowest_soc": {"soc_pct": 41.5, "at": "2026-11-15T05:40:00Z"},
    "loads": [{"load": "well_pump", "title": "Well pump", "kwh": 1.1, "minutes_on": 31}],
    "used_bytes": 153000,
    "plan_bytes": 200000000,
    "minutes_expected": 1440,
    "minutes_present": 1440,
    "tomorrow": {
        "day": "2026-11-17",
        "days": 7,
        "sun": {"median_kwh": 9.0, "lowest_kwh": 4.2, "highest_kwh": 12.8},
        "house": {"median_kwh": 7.1, "lowest_kwh": 6.0, "highest_kwh": 8.4},
        "generator": None,
        "battery_kwh": 0.9,
        "soc_pct": 62.0,
        "full_days": 0,
    },
    "text": "📋 Noto, Sun 15/11\nbattery: 6.1 kWh in, 5.4 kWh out",
}
_BUTTON = {"label": "✔ I take care of it", "action": "ack", "minutes": None}
_ITEM = {
    "id": "0a1b2c3d4e5f60718293",
    "version": 1,
    "chat_id": 104857600,
    "alarm": "5f0c7a91b2d3e4f6",
    "html": "🔴 <b>Battery nearly empty</b>",
    "buttons": [_BUTTON],
    "message_id": None,
    "attempt": None,
    "newest_id": 4711,
}
Id = Annotated[str, Field(min_length=1, max_length=40)]
_ClockTime = Annotated[str, Field(min_length=5, max_length=5)]


class Alarm(BaseModel):
    """One spell of trouble; `count` is how often it was raised in it, `step` how far it was escalated.

    `detail` is what a device says of it in its own words. Since `stale_since` the site cannot tell whether
    it still stands.
    """

    model_config = example(**_ALARM)
    id: str
    site: str
    rule: str
    severity: Severity
    title_en: str
    title_it: str
    state: State
    channel: str
    value: float | None
    unit: str
    detail: str
    stale_since: IsoTime | None
    raised_at: IsoTime
    cleared_at: IsoTime | None
    count: int
    acknowledged_by: str | None
    acknowledged_at: IsoTime | None
    snoozed_by: str | None
    snoozed_until: IsoTime | None
    step: int
    version: int


class Alarms(BaseModel):
    """Alarms, newest first."""

    model_config = example(alarms=[_ALARM], next=None)
    alarms: list[Alarm]
    next: str | None


class AlarmChange(BaseModel):
    """Something that happened to an alarm; `by` a person, or null for the site or time."""

    version: int
    at: IsoTime
    change: Change
    by: str | None


class AlarmTold(BaseModel):
    """Who was told by which way; `shown_version` 0: not yet."""

    person: str
    way: Way
    shown_version: int
    shown_at: IsoTime | None
    given_up: bool
    error: str | None


class AlarmDetail(BaseModel):
    """An alarm, its newest 100 changes (oldest first; forgotten 400 days after its end), and who was told."""

    model_config = example(
        alarm=_ALARM,
        changes=[{"version": 1, "at": _AT, "change": "raised", "by": None}],
        told=[
            {
                "person": "anna",
                "way": "telegram",
                "shown_version": 1,
                "shown_at": _AT,
                "given_up": False,
                "error": None,
            }
        ],
    )
    alarm: Alarm
    changes: list[AlarmChange]
    told: list[AlarmTold]


class Snooze(BaseModel):
    """For how long an alarm is to be silent: so many minutes, or until an instant."""

    model_config = example(minutes=60)
    minutes: Annotated[int, Field(strict=True, ge=1, le=7 * 1440)] | None = None
    until: Instant | None = None


class Mute(BaseModel):
    """For how long nothing new is told of a site, from now; null ends it."""

    model_config = example(minutes=120)
    minutes: Annotated[int, Field(strict=True, ge=1, le=31 * 1440)] | None


class Quiet(BaseModel):
    """Hours of the site's zone in which only critical alarms are told; over midnight too."""

    model_config = example(**_QUIET)
    start: _ClockTime
    end: _ClockTime


class Told(BaseModel):
    """One person who is told. Turn 0 at once, turn 1 when nobody has attended to it in time, and so on."""

    model_config = example(**_TOLD)
    person: Name
    ways: Annotated[list[Way], Field(max_length=4)] = ["telegram"]
    severity: Severity = "warning"
    turn: Annotated[int, Field(strict=True, ge=0, le=9)] = 0
    digest: Annotated[list[Period], Field(max_length=2)] = []


class AlarmSettingsChange(BaseModel):
    """How a site's alarms are to be told. `told` null: everybody who may steer the site, by Telegram."""

    model_config = example(quiet=_QUIET, escalate_after_min=15, told=[_TOLD])
    quiet: Quiet | None = None
    escalate_after_min: Annotated[int, Field(strict=True, ge=1, le=1440)] | None = 15
    told: Annotated[list[Told], Field(max_length=50)] | None = None


class AlarmSettings(BaseModel):
    """How a site's alarms are told."""

    model_config = example(**_SETTINGS)
    mute_until: IsoTime | None
    quiet: Quiet | None
    escalate_after_min: int | None
    told: list[Told] | None


class Contact(BaseModel):
    """Where one person is told besides Telegram; empty: not by that way. `ntfy` is the topic."""

    model_config = example(**_CONTACT)
    email: Annotated[str, Field(max_length=254)] = ""
    webhook: Annotated[str, Field(max_length=500)] = ""
    ntfy: Annotated[str, Field(max_length=64)] = ""


class DigestEnergy(BaseModel):
    """One power channel's energy in its positive and its negative direction."""

    channel: str
    in_kwh: float
    out_kwh: float


class DigestLowest(BaseModel):
    """The lowest state of charge, and when."""

    soc_pct: float
    at: IsoTime


class DigestLoad(BaseModel):
    """What a measured load used, and for how many minutes it ran."""

    load: str
    title: str
    kwh: float
    minutes_on: int


class DigestRange(BaseModel):
    """What the days of the past gave."""

    median_kwh: float
    lowest_kwh: float
    highest_kwh: float


class DigestTomorrow(BaseModel):
    """The day after today if it is like the `days` whole ones of the last seven; of fewer than three no more.

    `battery_kwh` is by how much the battery is fuller at its end than at its beginning, `soc_pct` its charge
    then. On `full_days` of the days the battery was full: the sun could have given more.
    """

    day: str
    days: int
    sun: DigestRange | None
    house: DigestRange | None
    generator: DigestRange | None
    battery_kwh: float | None
    soc_pct: float | None
    full_days: int


class Digest(BaseModel):
    """The days from `first` to before `end` of the site's zone; what is not known is null or not there.

    `tomorrow` only where `end` is today.
    """

    model_config = example(**_DIGEST)
    site: str
    first: str
    end: str
    energy: list[DigestEnergy]
    lowest_soc: DigestLowest | None
    loads: list[DigestLoad]
    used_bytes: int | None
    plan_bytes: int | None
    minutes_expected: int
    minutes_present: int
    tomorrow: DigestTomorrow | None
    text: str


class OutboxButton(BaseModel):
    """A button below a message: acknowledge the alarm, snooze it for so many minutes, or tell more of it."""

    model_config = example(**_BUTTON)
    label: str
    action: Literal["ack", "snooze", "alarm"]
    minutes: int | None


class OutboxItem(BaseModel):
    """A message that is to be shown: sent anew where `message_id` is null, else edited.

    `attempt`: a first sending began and its end is not known; the sender's own note of it. `newest_id`: the
    highest message id known there.
    """

    model_config = example(**_ITEM)
    id: str
    version: int
    chat_id: TelegramId
    alarm: str | None
    html: str
    buttons: list[OutboxButton]
    message_id: int | None
    attempt: str | None
    newest_id: int


class Outbox(BaseModel):
    """What is to be sent now."""

    model_config = example(items=[_ITEM])
    items: list[OutboxItem]


class MessageSeen(BaseModel):
    """The id of a message that was seen in a chat."""

    model_config = example(chat_id=104857600, message_id=4711)
    chat_id: TelegramId
    message_id: Annotated[int, Field(strict=True, ge=1, lt=2**52)]


class OutboxReport(BaseModel):
    """What became of a version of a message.

    `sending`: a first sending begins now; `shown`; `failed`: it certainly did not arrive; `unsure`: nobody
    knows; `gone`: the chat or the message is not there any more.
    """

    model_config = example(state="shown", version=1, message_id=4712)
    state: Outcome
    version: Annotated[int, Field(strict=True, ge=0, le=2**31)]
    message_id: Annotated[int, Field(strict=True, ge=1, lt=2**52)] | None = None
    attempt: Annotated[str, Field(max_length=2000)] | None = None
    error: Annotated[str, Field(max_length=500)] | None = None
    retry_after_s: Annotated[float, Field(strict=True, ge=0, le=86_400)] = 0.0
