"""Has pictures drawn by a process of their own, one at a time: the bot stays small and keeps answering."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from stallaini.bot.picture import Picture

_TIMEOUT_S = 90.0
_TAIL_CHARS = 2000
_MOST_WANTED = 12


class DrawingFailed(Exception):
    """The drawing process ended without a picture; the message holds what it said."""


class TooManyPictures(Exception):
    """So many pictures wait to be drawn that no more are taken."""


class Drawer:
    """Draws one picture after another in child processes."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._wanted = 0

    async def draw(self, picture: Picture) -> bytes:
        """The picture as a PNG. Raises `TooManyPictures`, or `DrawingFailed` after 90 s at the latest."""
        if self._wanted >= _MOST_WANTED:
            raise TooManyPictures
        self._wanted += 1
        try:
            return await self._in_turn(picture)
        finally:
            self._wanted -= 1

    async def _in_turn(self, picture: Picture) -> bytes:
        async with self._one_at_a_time:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "stallaini.bot.chart"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    image, said = await process.communicate(msgspec.json.encode(picture))
            except TimeoutError as error:
                raise DrawingFailed(f"no picture within {_TIMEOUT_S:.0f} s") from error
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0:
            raise DrawingFailed(said.decode(errors="replace")[-_TAIL_CHARS:])
        return image
