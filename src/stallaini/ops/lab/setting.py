"""Where a world plays: one edge, one server, the network between them, and the books of the lab."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stallaini.ops.lab.ledger import Ledger
from stallaini.ops.lab.machine import Machine
from stallaini.ops.lab.network import Network
from stallaini.ops.lab.programs import EdgeParts, EdgeProgram, ServerParts, ServerProgram, enrol
from stallaini.ops.lab.schedule import AMPLE_KB, Schedule
from stallaini.ops.lab.site import SITE, Battery, site_config
from stallaini.ops.lab.timeline import Timeline
from stallaini.server.live import LiveHub

MIDNIGHT_S = 1_783_209_600
"""2026-07-05T00:00Z: worlds begin on this day."""

_POOL_DELAY_S = 0.03


class Setting:
    """Two machines with their files, not yet started.

    `edition` is that of the site file, `slow_ms` how long the server's commits take at most. `log` takes
    lines for the trace.
    """

    def __init__(self, schedule: Schedule, folder: Path) -> None:
        self.timeline = Timeline()
        self.network = Network(self.timeline, _chance("network", schedule))
        self.ledger = Ledger(tight=schedule.journal_kb < AMPLE_KB)
        self.edition = self.slow_ms = 0
        self.log: Callable[[str], None] = lambda _: None
        self._hub: LiveHub | None = None
        self._schedule = schedule
        self._chance = _chance("programs", schedule)
        self._battery = Battery(_chance("battery", schedule))
        self._edge_program: EdgeProgram | None = None
        self._server_program: ServerProgram | None = None
        self._feeding = True

        def machine(name: str) -> Machine:
            start_s = MIDNIGHT_S + schedule.start_minute * 60.0
            return Machine(name, self.timeline, folder / name, start_s, _chance(name, schedule))

        self.edge, self.server = machine("edge"), machine("server")
        self._join = enrol(self.edge.disk.folder, self.server.disk.folder)
        self.edge.make_program, self.server.make_program = self._new_edge, self._new_server
        self.edge.ended = self._edge_ended

    @property
    def machines(self) -> tuple[Machine, Machine]:
        """Both."""
        return self.edge, self.server

    def watch(self, log: Callable[[str], None]) -> None:
        """Write down what happens from now on."""
        self.log = self.edge.log = self.server.log = self.network.log = log

    def look(self, seconds: float) -> None:
        """Somebody looks at the site for so long, if the server runs."""
        if self._hub is not None:
            self._hub.watch(SITE, seconds)

    def ask(self, ahead_s: int, for_s: int) -> None:
        """Somebody asks the site to act, if the server runs."""
        if self._server_program is not None and self.server.up:
            self.server.loop.create_task(self._server_program.ask(ahead_s, for_s))

    def fall_silent(self) -> None:
        """The battery says nothing any more, so that what is under way can arrive."""
        self._feeding = False
        if self._edge_program is not None:
            self._edge_program.feeding = False

    def _new_edge(self) -> EdgeProgram:
        machine, loop = self.edge, self.edge.loop
        parts = EdgeParts(
            folder=machine.disk.folder,
            clock=machine.clock,
            boot_id=machine.boots.to_bytes(8, "big"),
            config=site_config(self.edition, self._schedule.journal_kb * 1000),
            join=self._join,
            open_socket=partial(self.network.edge_socket, machine, loop),
        )
        program = EdgeProgram(parts, self._battery, self.ledger, self._chance, machine.disk)
        program.feeding = self._feeding
        self._edge_program = program
        return program

    def _edge_ended(self) -> None:
        if self._edge_program is not None:
            self._edge_program.died()
            self._edge_program = None

    def _new_server(self) -> ServerProgram:
        machine, loop = self.server, self.server.loop
        loop.pool_delay_s = self._pool_delay_s
        self._hub = hub = LiveHub(machine.clock)
        parts = ServerParts(
            folder=machine.disk.folder,
            clock=machine.clock,
            hub=hub,
            open_socket=partial(self.network.server_socket, machine, loop),
        )
        self._server_program = ServerProgram(parts)
        return self._server_program

    def _pool_delay_s(self) -> float:
        slow_s = self.slow_ms / 1000 * self._chance.random()
        return _POOL_DELAY_S * self._chance.random() + slow_s


def _chance(what: str, schedule: Schedule) -> random.Random:
    """Chance of its own for each part, so that a change in one changes nothing in the others."""
    return random.Random(f"{what} {schedule.seed}")
