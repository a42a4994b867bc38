"""An edge reduced to its commands: a real inbox file, a journal in a list, a death that can be planned."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.edge.command_kinds import Handler
from stallaini.edge.commands import Commands
from stallaini.edge.inbox import Inbox, Kept
from stallaini.link.commands import DONE, Outcome, reported
from stallaini.link.messages import Answer, Command, Downlink, Event, Scalar

NOW_S = 1_794_830_400
ID = NOW_S * 1000


def command(
    number: int = 0, kind: str = "switch", begin_s: int = 0, end_s: int = 600, **data: Scalar
) -> Command:
    """Command `number`, to be acted on between so many seconds after `NOW_S`."""
    return Command(ID + number, "anna", kind, NOW_S + begin_s, NOW_S + end_s, dict(data))


class Killed(BaseException):
    """The program is killed here."""


class Fate:
    """Kills the program at the planned one of the points that it passes."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.die_at: int | None = None

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Something that the program does, with a point before and one after it."""
        self.point(f"before {name}")
        yield
        self.point(f"after {name}")

    def point(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) - 1 == self.die_at:
            raise Killed(name)


class MortalInbox(Inbox):
    """The inbox of a program that may be killed before and after each commit."""

    def __init__(self, path: Path, fate: Fate) -> None:
        self._fate = fate
        super().__init__(path)

    def keep(self, received: Sequence[Kept]) -> None:
        with self._fate.step("keeping it"):
            super().keep(received)

    def act(self, id_: int) -> None:
        with self._fate.step("marking the act"):
            super().act(id_)

    def end(self, id_: int, outcome: Outcome) -> None:
        with self._fate.step("writing its end"):
            super().end(id_, outcome)

    def tell(self, id_: int) -> None:
        with self._fate.step("marking it told"):
            super().tell(id_)


class Switch(Handler):
    """Counts what it did, and when by the true time."""

    kind = "switch"

    def __init__(self, edge: CommandEdge) -> None:
        self._edge = edge
        self.known: Outcome | None = None

    async def act(self, command: Command, /) -> Outcome:
        with self._edge.fate.step("acting"):
            self._edge.acts.append((command.id, self._edge.clock.wall_s()))
        return self._edge.outcome

    async def verify(self, command: Command, /) -> Outcome | None:
        return self.known


class CommandEdge:
    """`acts` lists what was done, `journal` the events; both outlive every death, as does the inbox file."""

    def __init__(self, folder: Path, clock: VirtualClock | None = None) -> None:
        self.path = folder / "commands.db"
        self.clock = clock or VirtualClock(wall_s=NOW_S, monotonic_s=1000.0)
        self.fate = Fate()
        self.acts: list[tuple[int, float]] = []
        self.journal: list[Event] = []
        self.outcome = DONE
        self.boot = 1
        self.knows_time = True
        self.start()

    @property
    def boot_id(self) -> bytes:
        return self.boot.to_bytes(8, "big")

    def start(self, *, reboot: bool = False) -> None:
        """Start the program on the inbox it left, after a restart of the machine if `reboot`."""
        self.boot += reboot
        self.inbox = MortalInbox(self.path, self.fate)
        self.switch = Switch(self)
        self.commands = Commands(
            self.inbox, [self.switch], self.clock, self.boot_id, self._tell, self._known_s
        )

    async def hear(
        self, *commands: Command, round_trip_s: float = 0.0, server_s: float | None = None
    ) -> None:
        """An answer with these commands arrives, and what is due is done."""
        at_s = self.clock.wall_s() - round_trip_s if server_s is None else server_s
        self.commands.heard(Downlink(Answer.OK, 0, 0, int(at_s * 1000), commands), round_trip_s)
        await self.commands.act_due()

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.commands.act_due()

    def ends(self) -> list[tuple[int, str]]:
        """Number and ending of each end that was told, in order."""
        found = [reported(event) for event in self.journal]
        return [(told[0] - ID, told[1].ending.value) for told in found if told is not None]

    @property
    def acted(self) -> list[int]:
        return [id_ - ID for id_, _ in self.acts]

    def reason(self) -> str:
        """Why the last one ended as it did."""
        return str(self.journal[-1].data.get("reason"))

    def _tell(self, kind: str, data: dict[str, Scalar]) -> None:
        with self.fate.step("telling it"):
            self.journal.append(Event(int(self.clock.wall_s()), kind, data))

    def _known_s(self) -> float | None:
        return self.clock.wall_s() if self.knows_time else None
