"""The alarm rules that stand without being written, by what a site has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from stallaini.site.alarms import (
    CLOCK,
    DISK,
    JOURNAL,
    PLAN,
    AlarmRule,
    Contact,
    Growth,
    Level,
    Messages,
    NoStart,
    Severity,
    Silence,
    States,
    Sunlight,
    Watch,
    flag_rule,
)  # fmt: skip
from stallaini.site.kinds import ChannelKind
from stallaini.site.values import Values

MINUTE_S, HOUR_S = 60.0, 3600.0
_HEAVY_LOAD_W, _NO_LOAD_HEAVY_W = 500.0, 2000.0
_OVERLOADS = frozenset({8, 15, 59})
"""Studer's messages of an overloaded inverter; they raise `inverter_overload`, not `studer_fault`."""
_GENERATOR_MODE = 5
_STOPPED_WORDS = ("stopped for safety", "too hot")


@dataclass(frozen=True)
class SiteParts:
    """What of a site decides about its rules; `channels` by full name, the other values as checked."""

    site: Values
    devices: Mapping[str, Values]
    channels: Mapping[str, ChannelKind]
    loads: Mapping[str, Values]
    solar: Values | None

    def having(self, *fields: str) -> list[str]:
        """The devices that have all these fields."""
        return [name for name in self.devices if all(f"{name}.{field}" in self.channels for field in fields)]

    def of(self, device: str) -> tuple[str, ...]:
        """The channels of a device."""
        return tuple(name for name in self.channels if name.startswith(f"{device}."))


def default_rules(parts: SiteParts) -> list[AlarmRule]:
    """Every rule that stands on such a site."""
    return [
        *_flags(parts), *_batteries(parts), *_cells(parts), *_loads(parts), *_inverters(parts),
        *_studer(parts), *_chargers(parts), *_sunlight(parts), *_generator(parts), *_silence(parts),
        *_machine(),
    ]  # fmt: skip


def _rule(
    name: str, severity: Severity, watch: Watch, raise_after_s: float, clear_after_s: float = MINUTE_S
) -> AlarmRule:
    return AlarmRule(name, severity, watch, raise_after_s, clear_after_s)


def _named(
    devices: Iterable[str], rules: Callable[[str, Callable[[str], str]], Iterable[AlarmRule]]
) -> Iterator[AlarmRule]:
    """The rules of each device; those of all but the first end with its name."""
    for place, device in enumerate(devices):
        end = f"_{device}" if place else ""
        yield from rules(device, lambda stem, end=end: stem + end)  # type: ignore[misc]


def _flags(parts: SiteParts) -> Iterator[AlarmRule]:
    for name, channel in parts.channels.items():
        rule = flag_rule(name) if channel.quantity == "flag" else None
        if rule is not None:
            yield rule


def _batteries(parts: SiteParts) -> Iterator[AlarmRule]:
    """Of the batteries that speak for themselves, or else of the one that somebody speaks for."""
    batteries = parts.having("soc", "charge_enabled") or parts.having("soc")[:1]

    def rules(device: str, name: Callable[[str], str]) -> Iterator[AlarmRule]:
        soc, temperature = f"{device}.soc", f"{device}.temperature"
        yield _rule(name("soc_low"), "warning", Level(soc, 20, 25), MINUTE_S)
        yield _rule(name("soc_very_low"), "critical", Level(soc, 10, 14), MINUTE_S)
        if temperature in parts.channels:
            yield _rule(name("battery_hot"), "warning", Level(temperature, 45, 42), MINUTE_S)
            yield _rule(name("battery_very_hot"), "critical", Level(temperature, 52, 48), MINUTE_S)
            yield _rule(name("battery_cold"), "warning", Level(temperature, 3, 5), MINUTE_S)
            yield _rule(name("battery_very_cold"), "critical", Level(temperature, 0, 2), MINUTE_S)
        if f"{device}.charge_enabled" in parts.channels:
            full = (soc, 95.0)  # a full battery takes no more: that is no fault
            yield _rule(
                name("charge_blocked"), "warning", Level(f"{device}.charge_enabled", 0, 1, full), MINUTE_S
            )
            yield _rule(
                name("discharge_blocked"), "critical", Level(f"{device}.discharge_enabled", 0, 1), 5.0
            )
        if f"{device}.modules_offline" in parts.channels:
            yield _rule(
                name("modules_offline"), "warning", Level(f"{device}.modules_offline", 1, 0), MINUTE_S
            )

    return _named(batteries, rules)


def _cells(parts: SiteParts) -> Iterator[AlarmRule]:
    """Of those that ask the cells; where nobody does, of the batteries that may tell of their extremes."""
    telling = parts.having("cell_temperature_min", "cell_temperature_max")
    asking = [device for device in telling if f"{device}.charge_enabled" not in parts.channels]

    def rules(device: str, name: Callable[[str], str]) -> Iterator[AlarmRule]:
        hot, cold = f"{device}.cell_temperature_max", f"{device}.cell_temperature_min"
        yield _rule(name("cells_hot"), "warning", Level(hot, 47, 44), MINUTE_S)
        yield _rule(name("cells_cold"), "warning", Level(cold, 2, 4), MINUTE_S)

    return _named(asking or telling, rules)


def _loads(parts: SiteParts) -> Iterator[AlarmRule]:
    """Heavy loads that have a meter, and all consumption together where an inverter tells it."""
    for load, values in parts.loads.items():
        rated_w, channel = float(values.get("power_w", 0)), values.get("channel")
        if channel is not None and rated_w >= _HEAVY_LOAD_W:
            watch = Level(str(channel), round(0.3 * rated_w), round(0.1 * rated_w))
            yield _rule(f"load_on_long_{load}", "warning", watch, 3 * HOUR_S)
    rated = [float(values.get("power_w", 0)) for values in parts.loads.values()]
    heaviest_w = max([power_w for power_w in rated if power_w >= _HEAVY_LOAD_W], default=_NO_LOAD_HEAVY_W)

    def total(device: str, name: Callable[[str], str]) -> Iterator[AlarmRule]:
        watch = Level(f"{device}.ac_power", round(0.8 * heaviest_w), round(0.6 * heaviest_w))
        yield _rule(name("heavy_load"), "warning", watch, 2 * HOUR_S)

    yield from _named(parts.having("ac_power"), total)


def _inverters(parts: SiteParts) -> Iterator[AlarmRule]:
    def rules(device: str, name: Callable[[str], str]) -> Iterator[AlarmRule]:
        yield _rule(name("inverter_off"), "critical", Level(f"{device}.output", 0, 1), 15.0)
        yield _rule(name("inverter_hot"), "warning", Level(f"{device}.over_temperature", 2, 1), 0.0)
        overload = Growth(f"{device}.overloads", device, _OVERLOADS)
        yield _rule(name("inverter_overload"), "critical", overload, 0.0, HOUR_S)

    return _named(parts.having("output", "over_temperature", "overloads"), rules)


def _studer(parts: SiteParts) -> Iterator[AlarmRule]:
    """A device behind a gateway may send a message; so may one that the gateway knows and we do not ask."""
    for gateway in parts.having("link"):
        behind = {name for name, values in parts.devices.items() if values.get("gateway") == gateway}
        watch = Messages(frozenset(behind), frozenset({"error", "halted"}), _OVERLOADS)
        if behind:
            yield _rule(f"studer_fault_{gateway}", "critical", watch, 0.0, HOUR_S)


def _chargers(parts: SiteParts) -> Iterator[AlarmRule]:
    def rules(device: str, name: Callable[[str], str]) -> Iterator[AlarmRule]:
        yield _rule(name("mppt_fault"), "critical", Level(f"{device}.error", 1, 0), 0.0)
        states = parts.channels[f"{device}.mode"].states
        stopped = frozenset(number for number, word in states if word in _STOPPED_WORDS)
        if stopped:
            yield _rule(name("mppt_stopped"), "warning", States(f"{device}.mode", stopped), 5 * MINUTE_S)

    return _named(parts.having("power", "curtailed", "error", "mode"), rules)


def _sunlight(parts: SiteParts) -> Iterator[AlarmRule]:
    """Where the file says what is on the roof and where that is, and chargers tell when they hold back."""
    chargers, solar = parts.having("power", "curtailed"), parts.solar
    place = parts.site.get("latitude"), parts.site.get("longitude")
    if not chargers or solar is None or None in place or not {"panels", "panel_power_w"} <= set(solar):
        return
    watch = Sunlight(
        power=tuple(f"{device}.power" for device in chargers),
        curtailed=tuple(f"{device}.curtailed" for device in chargers),
        array_w=float(solar["panels"]) * float(solar["panel_power_w"]),
        tilt_deg=float(solar["tilt_deg"]),
        azimuth_deg=float(solar["azimuth_deg"]),
        latitude_deg=float(parts.site["latitude"]),
        longitude_deg=float(parts.site["longitude"]),
        raise_pct=4.0,
        clear_pct=15.0,
    )
    yield _rule("pv_low", "warning", watch, 0.0, 0.0)


def _generator(parts: SiteParts) -> Iterator[AlarmRule]:
    def rules(device: str, name: Callable[[str], str]) -> Iterator[AlarmRule]:
        voltage = f"{device}.input_voltage"
        yield _rule(name("generator_running"), "info", Level(voltage, 180, 60), 0.0)
        contacts = tuple(
            Contact(f"{device}.{contact}", f"{device}.{contact}_mode", _GENERATOR_MODE)
            for contact in ("aux1", "aux2")
        )
        yield _rule(
            name("generator_not_starting"), "warning", NoStart(contacts, voltage, 180.0), 2 * MINUTE_S, 0.0
        )

    return _named(parts.having("input_voltage", "aux1", "aux1_mode", "aux2", "aux2_mode")[:1], rules)


def _silence(parts: SiteParts) -> Iterator[AlarmRule]:
    batteries = parts.having("soc", "charge_enabled")
    for device, values in parts.devices.items():
        channels, gateway = parts.of(device), values.get("gateway")
        if not channels:
            continue
        name = f"silent_{device}"
        severity: Severity = "critical" if device in batteries else "warning"
        watch: Watch = Silence(device, channels, 120.0, None if gateway is None else f"{gateway}.link")
        if channels == (f"{device}.link",):
            watch = States(channels[0], frozenset({0}))
        raise_after_s = 120.0 if isinstance(watch, States) else 0.0
        yield _rule(name, severity, watch, raise_after_s, 10.0)


def _machine() -> Iterator[AlarmRule]:
    """Of the edge itself; `rises` from what it measures: see `OWN_UNITS`."""
    yield _rule("clock_unknown", "warning", Level(CLOCK, 600, 0), 0.0, 0.0)
    yield _rule("plan_short", "warning", Level(PLAN, 100, 97), HOUR_S, HOUR_S)
    yield _rule("journal_full", "warning", Level(JOURNAL, 80, 70), MINUTE_S)
    yield _rule("disk_full", "warning", Level(DISK, 100, 150), MINUTE_S)
