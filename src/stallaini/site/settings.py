"""What the settings of a site's devices say of each other: names of devices, places taken twice, ports."""

from __future__ import annotations

from collections.abc import Mapping

from stallaini.site.document import Document
from stallaini.site.faults import suggest
from stallaini.site.kinds import DeviceKind, SettingKind
from stallaini.site.port_line import PORT_EXAMPLES, parse_port
from stallaini.site.values import Values


def check_settings(
    document: Document, devices: Mapping[str, Values], kinds: Mapping[str, DeviceKind]
) -> None:
    """Note every fault of devices' settings that the keys alone do not show."""
    taken: dict[tuple[object, ...], str] = {}
    for name, values in devices.items():
        kind = kinds.get(str(values.get("kind")))
        for key in kind.settings if kind is not None else ():
            if key.name not in values:
                continue
            if key.device_kind:
                _check_named(document, name, key, devices)
            if key.unique_with:
                _check_unique(document, name, key, values, taken)
            if key.ports:
                _check_port(document, name, key, values)


def _check_named(document: Document, name: str, key: SettingKind, devices: Mapping[str, Values]) -> None:
    named = str(devices[name][key.name])
    fitting = [other for other, values in devices.items() if values.get("kind") == key.device_kind]
    if named in fitting:
        return
    path = ("devices", name, key.name)
    if not fitting:
        fix = f'add a table [devices.{named}] with kind = "{key.device_kind}"'
        document.fault(path, f"there is no device of the kind {key.device_kind} for `{key.name}`", fix)
    elif named in devices:
        reason = f"`{named}` is a {devices[named].get('kind')}, not a {key.device_kind}"
        document.fault(path, reason, "known: " + ", ".join(f"`{other}`" for other in fitting))
    else:
        document.fault(path, f"missing device `{named}`", suggest(named, fitting, "device"))


def _check_unique(
    document: Document, name: str, key: SettingKind, values: Values, taken: dict[tuple[object, ...], str]
) -> None:
    place = (key.name, key.unique_with, values.get(key.unique_with), values[key.name])
    other = taken.setdefault(place, name)
    if other != name:
        reason = f"`{other}` has the {key.name} {values[key.name]} at {key.unique_with} `{place[2]}` already"
        document.fault(("devices", name, key.name), reason, f"give each device its own {key.name}")


def _check_port(document: Document, name: str, key: SettingKind, values: Values) -> None:
    path = ("devices", name, key.name)
    try:
        port = parse_port(str(values[key.name]))
    except ValueError as error:
        reason, _, fix = str(error).rpartition("; ")
        document.fault(path, f"`{key.name}`: {reason}", fix)
        return
    if port.kind not in key.ports:
        examples = ", ".join(PORT_EXAMPLES[kind] for kind in key.ports)
        document.fault(path, f"`{key.name}`: this device has no {port.kind} port", f"write one as {examples}")
    elif port.is_can and values.get("transmit") is not True:
        reason = (
            f"`{key.name}`: to ask over a CAN bus is to send on it, which the edge does on no bus unasked"
        )
        fix = "add transmit = true if nothing but this device and its kind is on that bus"
        document.fault(path, reason, fix)
