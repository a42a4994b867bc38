"""A digest as people read it, in English and Italian. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from stallaini.server.alarms import words
from stallaini.server.alarms.digest import Digest, Energy, busiest
from stallaini.server.alarms.tomorrow import FEWEST_DAYS, LOOK_BACK_DAYS, Range, Tomorrow
from stallaini.server.alarms.words import Message
from stallaini.server.people.roles import Language

_COMPLETE_PCT = 99.5
_ALWAYS_TOLD = ("battery", "solar")
_WORTH_KWH = 0.05
_STEADY_KWH = 0.25
"""A battery that ends a day by less than this fuller or emptier ends it as it began."""


@dataclass(frozen=True)
class _Texts:
    day: str
    week: str
    charged: str
    produced: str
    lowest: str
    load: str
    no_load: str
    data: str
    of_plan: str
    complete: str
    nothing: str
    tomorrow: str
    some_days: str
    few_days: str
    sun: str
    house: str
    generator: str
    fuller: str
    emptier: str
    steady: str
    by_midnight: str
    held_back: str
    devices: Mapping[str, str]


_EN = _Texts(
    day="📋 {title}, {first}",
    week="📋 {title}, {first} to {last}",
    charged="{name}: {came} kWh in, {went} kWh out",
    produced="{name}: {came} kWh",
    lowest="lowest charge: {soc} % ({at})",
    load="{name}: {kwh} kWh, ran {long}",
    no_load="no load ran",
    data="data: {used} MB",
    of_plan=" of {plan} MB a month",
    complete="data of {pct} % of the minutes",
    nothing="nothing is known of these days",
    tomorrow="tomorrow, {day}, if it is like the last {of} days:",
    some_days="tomorrow, {day}, if it is like {days} of the last {of} days:",
    few_days="tomorrow: not enough whole days yet to tell ({days} of {fewest})",
    sun="sun: about {median} kWh ({lowest} to {highest})",
    house="house: about {median} kWh ({lowest} to {highest})",
    generator="generator: about {median} kWh ({lowest} to {highest})",
    fuller="battery: fuller by about {kwh} kWh",
    emptier="battery: emptier by about {kwh} kWh",
    steady="battery: about as full as before",
    by_midnight=", {soc} % at midnight",
    held_back="battery full on {days} of them: the sun had more to give",
    devices=MappingProxyType(
        {"battery": "battery", "solar": "sun", "inverter": "house", "generator": "generator"}
    ),
)
_IT = _Texts(
    day="📋 {title}, {first}",
    week="📋 {title}, da {first} a {last}",
    charged="{name}: {came} kWh in carica, {went} kWh in scarica",
    produced="{name}: {came} kWh",
    lowest="carica minima: {soc} % ({at})",
    load="{name}: {kwh} kWh, acceso per {long}",
    no_load="nessun carico acceso",
    data="dati: {used} MB",
    of_plan=" su {plan} MB al mese",
    complete="dati del {pct} % dei minuti",
    nothing="di questi giorni non si sa nulla",
    tomorrow="domani, {day}, se sarà come gli ultimi {of} giorni:",
    some_days="domani, {day}, se sarà come {days} degli ultimi {of} giorni:",
    few_days="domani: ancora troppo pochi giorni interi per dirlo ({days} su {fewest})",
    sun="sole: circa {median} kWh (da {lowest} a {highest})",
    house="casa: circa {median} kWh (da {lowest} a {highest})",
    generator="generatore: circa {median} kWh (da {lowest} a {highest})",
    fuller="batteria: più carica di circa {kwh} kWh",
    emptier="batteria: più scarica di circa {kwh} kWh",
    steady="batteria: carica più o meno come prima",
    by_midnight=", {soc} % a mezzanotte",
    held_back="batteria piena in {days} di questi: il sole poteva dare di più",
    devices=MappingProxyType(
        {"battery": "batteria", "solar": "sole", "inverter": "casa", "generator": "generatore"}
    ),
)
_LANGUAGES: Mapping[Language, _Texts] = MappingProxyType({"en": _EN, "it": _IT})


def digest_message(digest: Digest, language: Language) -> Message:
    """The whole digest; what is not known is left out, never shown as 0."""
    texts, common = _LANGUAGES[language], words.LANGUAGES[language]
    last = digest.end - timedelta(days=1)
    frame = texts.day if last == digest.first else texts.week
    headline = frame.format(title=digest.title, first=_day(digest.first, common), last=_day(last, common))
    lines = _lines(digest, texts, common) or [texts.nothing]
    if digest.tomorrow is not None:
        lines += ["", *_tomorrow(digest.tomorrow, texts, common)]
    return Message(headline, tuple(lines))


def _lines(digest: Digest, texts: _Texts, common: words.Texts) -> list[str]:
    lines = []
    for energy in digest.energy:
        if _idle(energy):
            continue
        frame = texts.charged if energy.out_kwh > 0 else texts.produced
        came, went = _number(energy.in_kwh, common), _number(energy.out_kwh, common)
        lines.append(frame.format(name=_name(energy.channel, texts), came=came, went=went))
    if digest.lowest is not None:
        at = words.clock_time(digest.lowest.at_s, ZoneInfo(digest.timezone), common)
        lines.append(texts.lowest.format(soc=_number(digest.lowest.soc_pct, common), at=at))
    ran = busiest(digest.loads)
    for load in ran:
        long = words.long(load.minutes_on * 60, common)
        lines.append(texts.load.format(name=load.title, kwh=_number(load.kwh, common), long=long))
    if digest.loads and not ran:
        lines.append(texts.no_load)
    if digest.used_bytes is not None:
        data = texts.data.format(used=_number(digest.used_bytes / 1e6, common))
        if digest.plan_bytes:
            data += texts.of_plan.format(plan=round(digest.plan_bytes / 1e6))
        lines.append(data)
    pct = 100 * digest.minutes_present / max(1, digest.minutes_expected)
    if lines and pct < _COMPLETE_PCT:
        lines.append(texts.complete.format(pct=_number(pct, common)))
    return lines


def _tomorrow(ahead: Tomorrow, texts: _Texts, common: words.Texts) -> list[str]:
    if ahead.days < FEWEST_DAYS:
        return [texts.few_days.format(days=ahead.days, fewest=FEWEST_DAYS)]
    frame = texts.tomorrow if ahead.days == LOOK_BACK_DAYS else texts.some_days
    lines = [frame.format(day=_day(ahead.day, common), days=ahead.days, of=LOOK_BACK_DAYS)]
    if ahead.sun is not None:
        lines.append(_spread(texts.sun, ahead.sun, common))
    if ahead.house is not None:
        lines.append(_spread(texts.house, ahead.house, common))
    if ahead.generator is not None and ahead.generator.median >= _WORTH_KWH:
        lines.append(_spread(texts.generator, ahead.generator, common))
    if ahead.battery_kwh is not None:
        lines.append(_battery(ahead.battery_kwh, ahead.soc_pct, texts, common))
    if ahead.full_days:
        lines.append(texts.held_back.format(days=ahead.full_days))
    return lines


def _spread(frame: str, told: Range, common: words.Texts) -> str:
    median, lowest, highest = (_number(kwh, common) for kwh in told)
    return frame.format(median=median, lowest=lowest, highest=highest)


def _battery(kwh: float, soc_pct: float | None, texts: _Texts, common: words.Texts) -> str:
    steady = abs(kwh) < _STEADY_KWH
    frame = texts.steady if steady else texts.fuller if kwh > 0 else texts.emptier
    end = "" if soc_pct is None else texts.by_midnight.format(soc=round(soc_pct))
    return frame.format(kwh=_number(abs(kwh), common)) + end


def _idle(energy: Energy) -> bool:
    """Whether it gave nothing worth a line; of battery and sun even that is."""
    matters = energy.channel.partition(".")[0] in _ALWAYS_TOLD
    return not matters and max(energy.in_kwh, energy.out_kwh) < _WORTH_KWH


def _name(channel: str, texts: _Texts) -> str:
    device, _, field = channel.partition(".")
    if field == "input_power":
        # What an inverter takes in comes from the generator.
        return texts.devices["generator"]
    name = texts.devices.get(device, device.replace("_", " "))
    return name if field in ("power", "ac_power") else f"{name} ({field.replace('_', ' ')})"


def _day(day: date, common: words.Texts) -> str:
    return f"{common.weekdays[day.weekday()]} {day:%d/%m}"


def _number(value: float, common: words.Texts) -> str:
    return f"{value:.1f}".replace(".", common.decimal_mark)
