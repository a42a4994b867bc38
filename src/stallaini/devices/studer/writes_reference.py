"""The tables of docs/reference/studer-writes.md, made from `writes.toml`.

`python -m stallaini.devices.studer.writes_reference docs/reference/studer-writes.md` renews them in the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from stallaini.devices import reference_page
from stallaini.devices.studer.allow import Check, Permission, Policy, allow_list
from stallaini.devices.studer.objects import Family

_FAMILIES = {
    Family.XT: "Xtender",
    Family.VT: "VarioTrack",
    Family.VS: "VarioString",
    Family.BMS: "battery (BSP or Xcom-CAN)",
    Family.RCC: "remote control, gateway",
}
_POLICIES = {
    Policy.AUTOMATIC: "automatic",
    Policy.GUARDED: "guarded",
    Policy.PERSON: "a person",
    Policy.TWO_STEP: "a person, two steps",
    Policy.SET_ONCE: "set once",
}


def fill(page: str) -> str:
    """The page with its tables made anew. Raises ValueError when its marks are missing."""
    return reference_page.fill(page, "studer writes", render())


def render() -> str:
    """The tables as Markdown: what may be written, what a person sets once, what never is, versions."""
    return "\n".join([*_allowed(), *_set_once(), *_denied(), *_software()])


def _writable() -> Iterator[Permission]:
    return (each for each in allow_list().permissions.values() if each.policy is not Policy.SET_ONCE)


def _allowed() -> Iterator[str]:
    yield "### What may be written"
    yield ""
    yield "| nr | parameter | who | values | a day | when the intent ends | after a restart | confirmed by |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in _writable():
        cells = (
            f"{each.nr}",
            f"{each.object.name} ({_FAMILIES[each.family]}): {each.note}",
            _POLICIES[each.policy],
            _values(each),
            f"{each.writes}",
            _lapse(each),
            "written again" if each.reasserts else "told",
            "; ".join(map(_confirmed, each.checks)) or "nothing",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _values(permission: Permission) -> str:
    known = permission.object
    if known.is_signal:
        return "1 (a signal)"
    if known.options:
        return ", ".join(f"{number} {text}" for number, text in known.options.items())
    beyond = "clamped" if permission.clamps else "refused beyond"
    return f"{known.min:g} to {known.max:g} {known.unit}, {beyond}".replace("  ", " ")


def _lapse(permission: Permission) -> str:
    if permission.lapse_nr is not None:
        return f"signal {permission.lapse_nr}"
    return "what flash holds" if permission.restores else "left"


def _confirmed(check: Check) -> str:
    if check.told is not None:
        return f"{check.info}: " + ", ".join(f"{value:g} → {told:g}" for value, told in check.told.items())
    if check.bit is not None:
        return f"{check.info} bit {check.bit}: set = forbidden"
    if check.within is not None:
        return f"{check.info}, ± {check.within:g}"
    return f"{check.info}, at most {check.at_most:g} more"


def _set_once() -> Iterator[str]:
    yield "### What a person sets once"
    yield ""
    yield "| nr | parameter | why |"
    yield "|---|---|---|"
    for each in allow_list().permissions.values():
        if each.policy is Policy.SET_ONCE:
            yield f"| {each.nr} | {each.object.name} ({_FAMILIES[each.family]}) | {each.note} |"
    yield ""


def _denied() -> Iterator[str]:
    yield "### What is never written"
    yield ""
    yield "| nr | why |"
    yield "|---|---|"
    for denial in allow_list().denials:
        yield f"| {', '.join(_runs(denial.nrs))} | {denial.why} |"
    yield "| all others | they are not on the list |"
    yield ""


def _software() -> Iterator[str]:
    yield "### Software that takes writes to RAM"
    yield ""
    yield "| device | at least | told by |"
    yield "|---|---|---|"
    for family, software in allow_list().software.items():
        told = "a person" if software.infos is None else "infos {} and {}".format(*software.infos)
        yield f"| {_FAMILIES[family]} | {'.'.join(map(str, software.least))} | {told} |"


def _runs(nrs: Iterable[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(sorted(nrs)), lambda pair: pair[1] - pair[0]):
        numbers = [nr for _, nr in run]
        yield f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"


if __name__ == "__main__":
    reference_page.renew(fill)
