"""The rest of the made-up house beside its battery: sun, inverter, generator and metered loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_CHANNELS = (
    ("solar.power", "power", "W"),
    ("solar.mode", "state", ""),
    ("solar.energy_today", "day_energy", "kWh"),
    ("solar.voltage", "voltage", "V"),
    ("solar.battery_current", "current", "A"),
    ("inverter.ac_power", "power", "W"),
    ("inverter.input_power", "power", "W"),
    ("inverter.energy_consumed_today", "day_energy", "kWh"),
    ("inverter.ac_voltage", "voltage", "V"),
    ("inverter.mode", "state", ""),
    ("load.well_pump.power", "power", "W"),
    ("load.water_heater.power", "power", "W"),
)
_LOADS = (
    ("well_pump", "Well pump", 2200.0),
    ("water_heater", "Water heater", 1500.0),
    ("irrigation", "Irrigation", 600.0),
)
_WORDS = {"solar.mode": {"text": "on"}, "inverter.mode": {"text": "on"}}
_STALE_AFTER_S = 35.0


@dataclass
class MadeHouse:
    """What its devices say; tests change the values."""

    values: dict[str, float] = field(
        default_factory=lambda: {
            "solar.power": 1860,
            "solar.mode": 1,
            "solar.energy_today": 6.42,
            "solar.voltage": 118.4,
            "solar.battery_current": 36.2,
            "inverter.ac_power": 585,
            "inverter.input_power": 0,
            "inverter.energy_consumed_today": 3.91,
            "inverter.ac_voltage": 230.4,
            "inverter.mode": 1,
            "load.well_pump.power": 0,
            "load.water_heater.power": 320,
        }
    )

    devices: tuple[dict[str, str], ...] = (
        {"name": "solar", "kind": "studer_variotrack", "title": "Solar charger"},
        {"name": "inverter", "kind": "studer_xtender", "title": "Inverter"},
    )

    def channels(self) -> list[dict[str, Any]]:
        """Its part of the description's channels."""
        return [
            {"name": name, "quantity": quantity, "unit": unit, "stale_after_s": _STALE_AFTER_S}
            for name, quantity, unit in _CHANNELS
        ]

    def loads(self) -> list[dict[str, Any]]:
        """Its part of the description's loads."""
        return [{"name": name, "title": title, "power_w": power_w} for name, title, power_w in _LOADS]

    def now(self, age_s: float) -> dict[str, dict[str, Any]]:
        """Its part of what is known now."""
        quality = "fresh" if age_s <= _STALE_AFTER_S else "stale"
        told = {"age_s": age_s, "quality": quality}
        return {
            name: {
                **told,
                "value": self.values[name],
                "unit": unit,
                **_WORDS.get(name, {}),
            }
            for name, _, unit in _CHANNELS
        }
