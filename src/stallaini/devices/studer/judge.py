"""Whether an intent may be written, and with which value. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

from stallaini.devices.studer.allow import AllowList, Permission, Policy, Version, single_device
from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.intents import LONGEST_S, Intent, Refused, SiteLimits


class Range(NamedTuple):
    """Inclusive limits of a value."""

    low: float
    high: float


def permitted(intent: Intent, allow: AllowList, limits: SiteLimits) -> Permission | Refused:
    """The permission that covers an intent, before any device was asked."""
    family = single_device(intent.address)
    if family is None:
        return Refused(f"{intent.address} is not the address of one device; groups are never written")
    permission = allow.permissions.get((family, intent.nr))
    if permission is None:
        return Refused(allow.why_denied(intent.nr))
    if not 0 < intent.lasts_s <= LONGEST_S:
        return Refused("an intent lasts more than no time and at most a day; assert it again before its end")
    why = _policy_refuses(permission, intent, limits)
    return permission if why is None else Refused(f"{intent.nr} {why}")


def _policy_refuses(permission: Permission, intent: Intent, limits: SiteLimits) -> str | None:
    if permission.policy is Policy.SET_ONCE:
        return "is set once, by a person at the remote control"
    if permission.policy in (Policy.PERSON, Policy.TWO_STEP) and not intent.by_person:
        return "is never written by a program; a person may ask for it"
    if permission.policy is Policy.GUARDED and (permission.family, permission.nr) not in limits.guarded:
        return f"must be enabled in the site file first ({permission.note})"
    return None


def software_fits(version: Version | None, least: Version) -> Refused | None:
    """None when a device knows writes to RAM."""
    wanted = ".".join(map(str, least))
    if version is None:
        return Refused(f"the software of the device is not known; writing needs {wanted} or newer")
    if version < least:
        return Refused(
            f"the device has software {'.'.join(map(str, version))}; writing needs {wanted} or newer"
        )
    return None


def has_range(permission: Permission) -> bool:
    """Whether the device must be asked for limits: a number; not a choice, a switch or a signal."""
    return permission.object.format is Format.FLOAT


def fitting_value(
    permission: Permission, value: float, device: Range | None, limits: SiteLimits
) -> float | Refused:
    """The value to write: as asked, or clamped where the list says so, within every limit there is."""
    nr, known = permission.nr, permission.object
    if not math.isfinite(value):
        return Refused(f"{value!r} is no value for {nr}")
    if permission.object.is_signal:
        return value if value == 1 else Refused(f"{nr} is a signal: it takes 1")
    if known.options:
        choices = ", ".join(f"{number} {text}" for number, text in known.options.items())
        return value if value in known.options else Refused(f"{nr} takes one of: {choices}")
    common = _common_range(permission, device, limits)
    if common is None:
        return Refused(f"the limits of {nr} leave no value, or are not known")
    low, high = common
    if low <= value <= high:
        return value
    if permission.clamps:
        return min(max(value, low), high)
    return Refused(f"{value:g} {known.unit} is beyond the limits of {nr}: {low:g} to {high:g}")


def _common_range(permission: Permission, device: Range | None, limits: SiteLimits) -> Range | None:
    """What device, table and site agree on; None when that is nothing, or one of them is NaN."""
    known, site = permission.object, limits.ranges.get((permission.family, permission.nr))
    ranges = [Range(*site)] if site is not None else []
    if device is not None:
        ranges.append(device)
    if known.min is not None and known.max is not None:
        ranges.append(Range(known.min, known.max))
    if not ranges or not all(each.low <= each.high for each in ranges):
        return None
    low, high = max(each.low for each in ranges), min(each.high for each in ranges)
    return Range(low, high) if low <= high else None
