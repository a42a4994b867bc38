"""A made-up week of one or two sites, in the shapes of the HTTP API: what the page is tested against."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from tests.web.made_alarms import MadeAlarms
from tests.web.made_house import MadeHouse
from tests.web.made_people import MadePeople

ROME = ZoneInfo("Europe/Rome")
STALE_AFTER_S, SOLAR_STALE_AFTER_S = 2.0, 35.0
CAPACITY_KWH = 9.6
HISTORY_DAYS = 9
GAP_START_MINUTES_AGO = 3 * 1440
GAP_MINUTES = 7 * 60
RECENT_GAP_START_MINUTES_AGO = 9 * 60
RECENT_GAP_MINUTES = 90

_FIELDS = {
    "voltage": ("voltage", "V"),
    "current": ("current", "A"),
    "power": ("power", "W"),
    "soc": ("soc", "%"),
    "soh": ("soh", "%"),
    "temperature": ("temperature", "degC"),
    "charge_voltage_limit": ("voltage_limit", "V"),
    "discharge_voltage_limit": ("voltage_limit", "V"),
    "charge_current_limit": ("current_limit", "A"),
    "discharge_current_limit": ("current_limit", "A"),
    "cell_voltage_min": ("cell_voltage", "V"),
    "charge_enabled": ("flag", ""),
    "discharge_enabled": ("flag", ""),
    "full_charge_requested": ("flag", ""),
    "protection.over_temperature": ("flag", ""),
    "alarm.high_temperature": ("flag", ""),
    "alarm.internal_communication": ("flag", ""),
    "warning.cell_imbalance": ("flag", ""),
}


_EACH = ("mean", "min", "max")


@dataclass
class World:
    """What the stand-in server knows; tests turn its knobs while the page looks on."""

    titles: dict[str, str] = field(default_factory=lambda: {"stallaini": "Stallaini"})
    login_required: bool = False
    speaking: bool = True
    unreachable: bool = False
    throttled: bool = False
    power_w: float = 1240.0
    raised: set[str] = field(default_factory=set)
    # Fields the battery has no value for.
    unreported: set[str] = field(default_factory=set)
    # Fields whose device fell silent this many seconds ago while the others go on.
    late_s: dict[str, float] = field(default_factory=dict)
    # The age of what a solar charger last said, which is asked each 10 s; None: there is no charger.
    solar_age_s: float | None = None
    heard_before: bool = True
    silent_since_s: float | None = None
    # Nobody watched: values are known from minutes only, however young these are.
    only_minutes: bool = False
    plan_bytes: int | None = 20_000_000
    used_bytes: int = 3_410_000
    forecast_bytes: int = 6_600_000
    live_allowed: bool = True
    streams: int = 0
    alarms: MadeAlarms = field(default_factory=MadeAlarms)
    people: MadePeople = field(default_factory=MadePeople)
    # The devices beside the battery; None: there are none.
    house: MadeHouse | None = None
    # What was asked of every site, newest first.
    commands: list[dict[str, Any]] = field(default_factory=list)
    role: str = "viewer"

    def __post_init__(self) -> None:
        self.minute0, self.soc_pct, self.history_w, self.solar_w = _history(int(time.time() // 60))

    def fall_silent(self, seconds_ago: float = 0.0) -> None:
        """No reading comes any more; the last one is `seconds_ago` old."""
        self.speaking = False
        self.silent_since_s = time.time() - seconds_ago

    def now(self, site: str) -> dict[str, Any]:
        """GET /sites/{site}/now."""
        at_s = time.time()
        age_s = 0.2 if self.speaking or self.silent_since_s is None else at_s - self.silent_since_s
        channels = {}
        for name, value in self._values(at_s - age_s).items():
            own_age_s = max(age_s, self.late_s.get(name, 0.0))
            fresh = own_age_s <= STALE_AFTER_S and not self.only_minutes
            quality = "absent" if value is None else "fresh" if fresh else "stale"
            channels[f"battery.{name}"] = {
                "value": value,
                "unit": _FIELDS[name][1],
                "age_s": None if value is None else round(own_age_s, 1),
                "quality": quality,
            }
        if self.solar_age_s is not None:
            channels |= self._solar_now(self.solar_age_s)
        if self.house is not None:
            channels |= self.house.now(age_s)
        if not self.heard_before:
            channels = {}
        return {
            "site": site,
            "at": iso(at_s),
            "state": self.state(age_s),
            "age_s": round(age_s, 1) if self.heard_before else None,
            "channels": channels,
        }

    def _solar_now(self, age_s: float) -> dict[str, dict[str, Any]]:
        quality = "fresh" if age_s <= SOLAR_STALE_AFTER_S else "stale"
        told = {"age_s": age_s, "quality": quality, "unit": ""}
        return {
            "solar.power": {**told, "value": 1150, "unit": "W"},
            "solar.mode": {**told, "value": 9, "text": "curtailed: voltage"},
        }

    def state(self, age_s: float) -> str:
        if not self.heard_before:
            return "never"
        return "live" if age_s <= STALE_AFTER_S else "late" if age_s <= 300 else "silent"

    def _values(self, at_s: float) -> dict[str, float | bool | None]:
        # A wobble no two seconds share, so that a test sees each update.
        wobble = math.sin(at_s * 1.7)
        power_w = self.power_w and self.power_w + 40 * wobble
        voltage_v = 50.4 + 0.05 * wobble
        values: dict[str, float | bool | None] = {
            "voltage": round(voltage_v, 2),
            "current": round(power_w / voltage_v, 1),
            "power": round(power_w),
            "soc": round(float(self.soc_pct[-1]), 2),
            "soh": 99.0,
            "temperature": 21.4,
            "charge_voltage_limit": 53.2,
            "discharge_voltage_limit": 46.0,
            "charge_current_limit": 148.0,
            "discharge_current_limit": 148.0,
            "cell_voltage_min": None,
            "charge_enabled": "charge_enabled" not in self.raised,
            "discharge_enabled": True,
            "full_charge_requested": False,
        }
        for name in _FIELDS:
            if "." in name:
                values[name] = name in self.raised
        return {**values, **dict.fromkeys(self.unreported)}

    def description(self, site: str) -> dict[str, Any]:
        """GET /sites/{site}."""
        channels = [
            {"name": f"battery.{name}", "quantity": quantity, "unit": unit, "stale_after_s": STALE_AFTER_S}
            for name, (quantity, unit) in _FIELDS.items()
        ]
        devices = [{"name": "battery", "kind": "can_battery", "title": "Battery"}]
        if self.solar_age_s is not None:
            devices.append({"name": "solar", "kind": "studer_variotrack", "title": "Solar"})
            channels += [
                {"name": name, "quantity": quantity, "unit": unit, "stale_after_s": SOLAR_STALE_AFTER_S}
                for name, quantity, unit in (("solar.power", "power", "W"), ("solar.mode", "state", ""))
            ]
        if self.house is not None:
            devices += self.house.devices
            channels += self.house.channels()
        kept = [("battery.soc", "%", "last"), *(("battery.power", "W", each) for each in _EACH)]
        if self.solar_age_s is not None:
            kept += [("solar.power", "W", each) for each in _EACH]
        return {
            "site": site,
            "title": self.titles[site],
            "timezone": "Europe/Rome",
            "latitude": 36.89,
            "longitude": 15.07,
            "first_minute_at": iso(self.minute0 * 60),
            "devices": devices,
            "channels": channels if self.heard_before else [],
            "series": [
                {"name": f"{channel}.{aggregate}", "channel": channel, "aggregate": aggregate, "unit": unit}
                for channel, unit, aggregate in kept
            ],
            "loads": [] if self.house is None else self.house.loads(),
        }

    def columns(self, names: list[str], start: datetime, end: datetime, points: int) -> dict[str, Any]:
        """GET /sites/{site}/columns."""
        first, last = int(start.timestamp() // 60), int(end.timestamp() // 60)
        bucket = max(1, math.ceil((last - first) / points))
        begin, finish = first // bucket, -(-last // bucket)
        return {
            "bucket_s": bucket * 60,
            "first": begin * bucket * 60,
            "count": finish - begin,
            "columns": [self._packed(name, begin * bucket, finish * bucket, bucket) for name in names],
        }

    def _packed(self, name: str, begin: int, finish: int, bucket: int) -> dict[str, Any]:
        unit = "%" if name == "battery.soc" else "W"
        column = self.soc_pct if unit == "%" else self.solar_w if name == "solar.power" else self.history_w
        step = 0.01 if unit == "%" else 1
        rows = [_bucket(column, at - self.minute0, bucket) for at in range(begin, finish, bucket)]
        packed: dict[str, Any] = {"name": name, "unit": unit, "step": step}
        packed |= {"mean": [], "below": [], "above": []}
        before = 0
        for row in rows:
            if row is None:
                packed["mean"].append(None)
                continue
            mean, low, high = (round(value / step) for value in row)
            packed["mean"].append(mean - before)
            packed["below"].append(mean - low)
            packed["above"].append(high - mean)
            before = mean
        return packed

    def energy(self, by: str, start: str, end: str, names: list[str]) -> dict[str, Any]:
        """GET /sites/{site}/energy, `end` excluded."""
        first, stop = datetime.fromisoformat(start).date(), datetime.fromisoformat(end).date()
        days = [first + timedelta(days=offset) for offset in range((stop - first).days)]
        starts = [day for day in days if by == "day" or day.day == 1 or day == first]
        edges = [
            int(datetime(day.year, day.month, day.day, tzinfo=ROME).timestamp() // 60)
            for day in (*starts, stop)
        ]
        return {
            "by": by,
            "timezone": "Europe/Rome",
            "days": [
                self._energy_between(day.isoformat(), begin, until, names)
                for day, begin, until in zip(starts, edges, edges[1:], strict=False)
            ],
        }

    def _energy_between(self, day: str, begin: int, until: int, names: list[str]) -> dict[str, Any]:
        channels = {}
        for name in names:
            column = self.solar_w if name == "solar.power" else self.history_w
            part = column[max(0, begin - self.minute0) : max(0, until - self.minute0)]
            present = part[~np.isnan(part)]
            inward, outward = np.clip(present, 0, None).sum() / 60e3, np.clip(-present, 0, None).sum() / 60e3
            channels[name] = {"in_kwh": round(inward, 2), "out_kwh": round(outward, 2)}
        return {
            "day": day,
            "minutes_present": len(present),
            "minutes": until - begin,
            "channels": channels,
        }

    def budget(self, site: str) -> dict[str, Any]:
        """GET /sites/{site}/budget; without a plan the site has not told of it yet."""
        told = {
            "at": iso(int(time.time())),
            "plan_bytes": self.plan_bytes,
            "billing_day": 1,
            "mode": "auto",
            "interval_s": 60,
            "interface": "wwan0",
            "live": {"allowed": self.live_allowed, "bytes_per_min": 2196},
            "today": {"day": "2026-11-16", "used_bytes": 81_200, "by_purpose": {"telemetry": 81_200}},
            "month": {
                "start": "2026-11-01",
                "end": "2026-12-01",
                "used_bytes": self.used_bytes,
                "up_bytes": 0,
                "down_bytes": 0,
                "by_purpose": {
                    "telemetry": 1_910_000,
                    "acknowledgements": 1_450_000,
                    "other": 50_000,
                    "vpn": 0,
                },
            },
            "forecast_bytes": self.forecast_bytes,
            "saved": {"batching_bytes": 0, "declined_live_bytes": 0 if self.live_allowed else 740_000},
        }
        return {"site": site, "timezone": "Europe/Rome", "told": told if self.plan_bytes else None}


def iso(unix_s: float) -> str:
    """Unix time as the API writes it."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat().replace("+00:00", "Z")


def _bucket(column: np.ndarray, at: int, width: int) -> tuple[float, float, float] | None:
    part = column[max(0, at) : max(0, at + width)]
    part = part[~np.isnan(part)]
    if len(part) == 0:
        return None
    return float(part.mean()), float(part.min()), float(part.max())


def _history(now_minute: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """First minute, then by the minute up to now SOC, the battery's power and the sun's; two gaps."""
    minutes = HISTORY_DAYS * 1440
    first = now_minute - minutes
    random = np.random.default_rng(7)
    soc_pct, power_w, solar_w = np.empty(minutes), np.empty(minutes), np.empty(minutes)
    cloud, soc = 0.5, 0.55
    for index in range(minutes):
        at = datetime.fromtimestamp((first + index) * 60, ROME)
        hour = at.hour + at.minute / 60
        cloud = min(1.0, max(0.15, cloud + random.normal(0, 0.025)))
        sun_w = (
            1950 * max(0.0, math.sin((hour - 6.6) / 10.3 * math.pi)) ** 1.3 * cloud
            if 6.6 < hour < 16.9
            else 0
        )
        house_w = 190 + 60 * math.sin(index / 9) + random.normal(0, 12)
        house_w += 900 * (12.4 < hour < 12.9) + 700 * (19.2 < hour < 20.1) + 500 * (7.2 < hour < 7.5)
        flow_w = sun_w - house_w
        if soc >= 0.995 and flow_w > 0:
            flow_w *= 0.02
        soc = min(1.0, max(0.1, soc + flow_w / 60e3 / CAPACITY_KWH))
        soc_pct[index], power_w[index], solar_w[index] = soc * 100, flow_w, max(0.0, flow_w + house_w)
    for start, length in (
        (GAP_START_MINUTES_AGO, GAP_MINUTES),
        (RECENT_GAP_START_MINUTES_AGO, RECENT_GAP_MINUTES),
    ):
        for column in (soc_pct, power_w, solar_w):
            column[-start : -start + length] = np.nan
    return first, soc_pct, power_w, solar_w
