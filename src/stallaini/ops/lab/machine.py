"""A machine: power, clocks, a disk, and the one program that runs on it until something ends it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stallaini.ops.lab.disk import Disk, Files
from stallaini.ops.lab.timeline import ProcessLoop, Timeline

_BOOT_TAKES_S = 15.0
_TICK_S = 1e-6
_RESTART_AFTER_S = 10.0


class Killed(BaseException):
    """Raised in a process at the instant it dies; nothing it still does has any effect."""


class Program(Protocol):
    """What runs on a machine."""

    async def run(self) -> None:
        """Run until stopped or for ever."""

    def stop(self) -> None:
        """Please end in order."""


class MachineClock:
    """The clocks of one machine: monotonic since its boot, wall with an error of its own."""

    def __init__(self, timeline: Timeline, world_start_s: float) -> None:
        self._timeline = timeline
        self._world_start_s = world_start_s
        self._booted_s = 0.0
        self.error_s = 0.0

    def boot(self) -> None:
        """The monotonic clock begins anew."""
        self._booted_s = self._timeline.now_s - _BOOT_TAKES_S

    def monotonic_s(self) -> float:
        """Virtual seconds since the boot."""
        return self._timeline.now_s - self._booted_s

    def wall_s(self) -> float:
        """Unix time as this machine believes it."""
        return self._world_start_s + self._timeline.now_s + self.error_s

    def synchronized(self) -> bool:
        """Whether this machine believes its wall time: it does, right or wrong."""
        return True

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time, at least as long as a real clock needs to show another time."""
        await asyncio.sleep(max(_TICK_S, seconds) if seconds > 0 else 0)


@dataclass
class Fuse:
    """A death that waits for the process to come to its n-th step.

    `end` is then called, with the files that are left where the power went during a commit.
    """

    steps: int
    end: Callable[[Files | None], None]
    power: bool


class Machine:
    """Starts its program, starts it again when it ended by itself, and dies when it is told to.

    `log` takes lines for the trace. `crashed` tells of programs that ended by themselves, unless the disk
    was full; `noises` what asyncio would have logged.
    """

    def __init__(
        self,
        name: str,
        timeline: Timeline,
        folder: Path,
        world_start_s: float,
        chance: random.Random,
    ) -> None:
        self.name = name
        self.timeline = timeline
        self.clock = MachineClock(timeline, world_start_s)
        self.disk = Disk(folder, self, chance)
        self.boots = 0
        self.running = False
        self.crashed: list[str] = []
        self.noises: list[str] = []
        self.make_program: Callable[[], Program]
        self.ended: Callable[[], None] = lambda: None
        self.log: Callable[[str], None] = lambda _: None
        self.stopping = False
        self._graves: list[ProcessLoop] = []
        self._loop = self._new_loop()
        self._loop.die()
        self._program: Program | None = None
        self._main: asyncio.Task[None] | None = None
        self._fuse: Fuse | None = None

    @property
    def loop(self) -> ProcessLoop:
        """The loop of the running process, or of the last one."""
        return self._loop

    @property
    def up(self) -> bool:
        """Whether the program runs."""
        return not self._loop.is_closed()

    # -- life

    def boot(self) -> None:
        """Power on, unless it is on; the program starts."""
        if not self.running:
            self.running = True
            self.boots += 1
            self.clock.boot()
        self.start()

    def start(self) -> None:
        """Start the program, unless it runs or the power is off."""
        if self.up or not self.running:
            return
        self.log(f"{self.name} starts")
        self._loop = self._new_loop()
        self.stopping = False
        self._main = self._loop.create_task(self._run(), name=self.name)

    def kill(self, left: Files | None = None, *, power: bool = False) -> None:
        """The process dies, with `power` the machine; it goes on with the files `left`, or as they are."""
        if self.up:
            self.log(f"{self.name} {'loses power' if power else 'is killed'}")
            self._end()
        self._fuse = None
        self.running = self.running and not power
        self.disk.go_on_with(self.disk.files() if left is None else left)

    def stop(self) -> None:
        """Ask the program to end in order."""
        if self.up and self._program is not None:
            self.log(f"{self.name} is stopped")
            self.stopping = True
            self._loop.call_soon(self._program.stop)

    def arm(self, fuse: Fuse) -> None:
        """Let the process die at a later step of its own."""
        self._fuse = fuse

    def burn(self, fuse: Fuse) -> None:
        """The end of a fuse that no step has come to."""
        if self._fuse is fuse:
            self._fuse = None
            fuse.end(None)

    def disarm(self) -> None:
        """Nothing that waits will happen any more."""
        self._fuse = None

    def bury(self) -> None:
        """Take everything apart, at the end of the world."""
        for loop in (*self._graves, self._loop):
            loop.bury()

    # -- told by disk and network

    def step(self, loop: ProcessLoop, *, commits: bool = False) -> bool:
        """A process is about to do something that others see. Raises Killed when it is dead.

        True: the power goes while it makes this commit; `torn` is to be told what is left.
        """
        if loop is not self._loop or loop.is_closed():
            raise Killed
        fuse = self._fuse
        if fuse is None:
            return False
        fuse.steps -= 1
        if fuse.steps >= 0:
            return False
        if fuse.power and commits:
            return True
        self.burn(fuse)
        raise Killed

    def torn(self, left: Files) -> None:
        """The power went during a commit. Raises Killed."""
        fuse, self._fuse = self._fuse, None
        assert fuse is not None
        fuse.end(left)
        raise Killed

    # -- inside

    async def _run(self) -> None:
        try:
            self._program = self.make_program()
            await self._program.run()
        except Exception as error:
            if not self.disk.full:
                self.crashed.append(f"{self.name} ended at {self.timeline.now_s:.0f} s: {error!r}")
            self.log(f"{self.name} ends by itself: {error!r}")
            self.timeline.at(self.timeline.now_s + _RESTART_AFTER_S, self.start)
        if self.up:
            self._end()

    def _end(self) -> None:
        self._program = None
        self._loop.die()
        self._graves.append(self._loop)
        self.ended()

    def _new_loop(self) -> ProcessLoop:
        return ProcessLoop(self.timeline, self._noise)

    def _noise(self, context: dict[str, Any]) -> None:
        self.noises.append(f"{self.name}: {context.get('message')}: {context.get('exception')!r}")
