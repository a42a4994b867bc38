"""docs/reference/twin-faults.md and the Studer tables on it, made from the twin itself.

`python -m stallaini.twin.reference docs/reference/twin-faults.md` makes it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stallaini.devices.studer.objects import parameter
from stallaini.twin.faults.kinds import FAULTS
from stallaini.twin.faults.parts import FaultKind
from stallaini.twin.wires.studer_parameters import EFFECTS
from stallaini.twin.wires.studer_plant import INFOS, SIGNALS

_HEAD = """# What the twin can suffer, and what it obeys

Made from the code: `make docs`. How to use it: [Use the twin](../how-to/use-the-twin.md).

## Faults

Begun with `stallaini twin fault --control SOCKET NAME [name=value ...] [--for SECONDS]`, or by a
[scenario](../how-to/use-the-twin.md#a-scenario-of-faults). Without a time a fault stands until `--end`;
`reboot` and `soc-jump` are over at once.

| fault | what | where it shows | parameters |
|---|---|---|---|
"""
_STUDER = """
## Studer devices

Address 101 is an Xtender (XTM 4000-48), 301 a VarioTrack (VT-65), 601 the BMS behind an Xcom-CAN, 501 the
gateway. All parameters of the maker's table can be read and written, flash and RAM apart; a read shows the
flash. These have an effect in the house, seen in its next second:

| device | parameter | name |
|---|---|---|
"""
_INFOS = """
Infos that are answered:

| device | infos |
|---|---|
"""


def page() -> str:
    """The page's text."""
    faults = "\n".join(_fault(kind) for kind in FAULTS.values())
    return _HEAD + faults + "\n" + _STUDER + "\n".join(_obeyed()) + "\n" + _INFOS + "\n".join(_infos()) + "\n"


def _fault(kind: FaultKind) -> str:
    params = "; ".join(_param(kind, name) for name in kind.params) or "-"
    return f"| `{kind.name}` | {kind.what} | {kind.shows} | {params} |"


def _param(kind: FaultKind, name: str) -> str:
    choices = kind.choices.get(name)
    default = kind.params[name]
    value = f"{default:g}" if isinstance(default, float) else default
    return f"`{name}={value}`" + (f" of {', '.join(choices)}" if choices else "")


def _obeyed() -> list[str]:
    obeyed = {(family, nr) for family, effects in EFFECTS.items() for nr in effects} | set(SIGNALS)
    return [
        f"| {family.value} | {nr} | {parameter(nr, family).name} |"
        for family, nr in sorted(obeyed, key=lambda one: one[1])
    ]


def _infos() -> list[str]:
    return [
        f"| {address} | {', '.join(map(str, sorted(infos)))} |" for address, infos in INFOS.items() if infos
    ]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
