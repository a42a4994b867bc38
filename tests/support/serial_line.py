"""A pseudo-terminal that stands for a serial line: one end here, the other to be opened by name."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable
from pathlib import Path


class SerialLine:
    """Answers what is written to `path` by `answer`; may be pulled out and plugged in again."""

    def __init__(self, path: Path, answer: Callable[[bytes], bytes]) -> None:
        self.path = path
        self.answer = answer
        self._end: int | None = None

    def plug_in(self) -> None:
        """The line is there, under `path`."""
        end, name = pty.openpty()
        tty.setraw(end)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(name))
        os.close(name)
        os.set_blocking(end, False)
        self._end = end
        asyncio.get_running_loop().add_reader(end, self._hear)

    def pull_out(self) -> None:
        """The line is gone."""
        if self._end is not None:
            asyncio.get_running_loop().remove_reader(self._end)
            os.close(self._end)
            self._end = None
        self.path.unlink(missing_ok=True)

    def _hear(self) -> None:
        # Nobody has the other end open: reading says so, until somebody has.
        with contextlib.suppress(OSError):
            if self._end is not None:
                os.write(self._end, self.answer(os.read(self._end, 4096)))


@contextlib.asynccontextmanager
async def serial_line(path: Path, answer: Callable[[bytes], bytes]) -> AsyncIterator[SerialLine]:
    """A plugged-in line for the time of the block."""
    line = SerialLine(path, answer)
    line.plug_in()
    try:
        yield line
    finally:
        line.pull_out()
