"""What of a running twin can be broken, and what a kind of fault is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from stallaini.errors import OperatorError
from stallaini.twin.physics.house import House
from stallaini.twin.wires.battery_bus import BatteryBus
from stallaini.twin.wires.byte_trouble import ByteTrouble
from stallaini.twin.wires.studer_plant import StuderPlant
from stallaini.twin.wires.udp_relay import UdpRelay

Param = str | float
Undo = Callable[[], None]


class Gateway(Protocol):
    """What a fault can do to the Studer gateway."""

    busy: bool

    def restart(self) -> None:
        """It starts anew, and says so in its flags until somebody clears them."""


class EdgeClock(Protocol):
    """What a fault can do to the clock of an edge."""

    def forget(self, behind_s: float) -> None:
        """From now on it is `behind_s` late, and nobody has told it the time."""

    def learn(self) -> None:
        """A time service sets it right."""


@dataclass
class Parts:
    """What of the twin there is to break. None: not served in this run."""

    house: House
    plant: StuderPlant
    battery: BatteryBus | None = None
    gateways: list[Gateway] = field(default_factory=list)
    lines: dict[str, ByteTrouble] = field(default_factory=dict)
    relay: UdpRelay | None = None
    edge_clock: EdgeClock | None = None


@dataclass(frozen=True)
class FaultKind:
    """One fault: what it is, where it shows, its parameters with defaults and choices, how it begins.

    `begin` returns how to end it, None where it is over at once; it raises OperatorError where this run of
    the twin has not the part that fails.
    """

    name: str
    what: str
    shows: str
    begin: Callable[[Parts, Mapping[str, Param]], Undo | None]
    params: Mapping[str, Param] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_Part = TypeVar("_Part")


def needed(part: _Part | None, option: str) -> _Part:
    """The part, where it is served. Raises OperatorError that names the option that would serve it."""
    if part is None:
        raise OperatorError(f"this twin serves nothing that can fail so; start it with {option}")
    return part
