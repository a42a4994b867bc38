"""Alarms of the made-up world: raised, acknowledged, snoozed as on the real server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_RULES = {
    "soc_very_low": ("critical", "Battery nearly empty", "Batteria quasi scarica", "battery.soc", 9.8, "%"),
    "soc_low": ("warning", "Battery low", "Batteria bassa", "battery.soc", 19.6, "%"),
    "battery_warning_cell_imbalance": (
        "warning",
        "Battery, warning: cells out of balance",
        "Batteria, avviso: celle sbilanciate",
        "battery.warning.cell_imbalance",
        None,
        "",
    ),
    "generator_running": (
        "info",
        "Generator running",
        "Generatore in funzione",
        "inverter.input_power",
        1850.0,
        "W",
    ),
}


@dataclass
class MadeAlarms:
    """The alarms of each site, newest first."""

    by_site: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def raise_(self, rule: str, site: str = "stallaini", ago_s: float = 600, **changes: Any) -> str:
        """Raise an alarm `ago_s` seconds ago; returns its id."""
        severity, title_en, title_it, channel, value, unit = _RULES[rule]
        listed = self.by_site.setdefault(site, [])
        alarm = {
            "id": f"{rule}-{len(listed)}",
            "site": site,
            "rule": rule,
            "severity": severity,
            "title_en": title_en,
            "title_it": title_it,
            "state": "raised",
            "channel": channel,
            "value": value,
            "unit": unit,
            "raised_at": _iso(time.time() - ago_s),
            "cleared_at": None,
            "count": 1,
            "acknowledged_by": None,
            "acknowledged_at": None,
            "snoozed_by": None,
            "snoozed_until": None,
            "step": 0,
            "version": 1,
            **changes,
        }
        listed.append(alarm)
        listed.sort(key=lambda one: one["raised_at"], reverse=True)
        return str(alarm["id"])

    def clear(self, id_: str, ago_s: float = 60) -> None:
        """The trouble is over."""
        self.find(id_).update(state="cleared", cleared_at=_iso(time.time() - ago_s))

    def find(self, id_: str) -> dict[str, Any]:
        """The alarm with an id. Raises KeyError."""
        for one in (alarm for listed in self.by_site.values() for alarm in listed):
            if one["id"] == id_:
                return one
        raise KeyError(id_)

    def listed(self, site: str, state: str) -> list[dict[str, Any]]:
        """GET /sites/{site}/alarms."""
        found = self.by_site.get(site, [])
        return found if state == "all" else [one for one in found if one["state"] != "cleared"]

    def acknowledge(self, id_: str, who: str) -> dict[str, Any]:
        """POST /alarms/{id}/ack."""
        alarm = self.find(id_)
        alarm.update(state="acknowledged", acknowledged_by=who, acknowledged_at=_iso(time.time()))
        return alarm

    def snooze(self, id_: str, who: str, minutes: int) -> dict[str, Any]:
        """POST /alarms/{id}/snooze."""
        alarm = self.find(id_)
        alarm.update(state="snoozed", snoozed_by=who, snoozed_until=_iso(time.time() + minutes * 60))
        return alarm


def _iso(unix_s: float) -> str:
    return datetime.fromtimestamp(int(unix_s), UTC).isoformat().replace("+00:00", "Z")
