"""A TCP relay between edge and server that counts, swallows, refuses and drops connections."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field


@dataclass
class Passed:
    """What passed in one direction."""

    sizes: list[int] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)

    def add(self, data: bytes) -> None:
        self.sizes.append(len(data))
        self.chunks.append(data)


class TcpRelay:
    """Listens on 127.0.0.1 and forwards to a port there; `cut` swallows everything and answers nothing."""

    def __init__(self) -> None:
        self.up, self.down = Passed(), Passed()
        self.connections = 0
        self.cut = False
        self.port = 0
        self._target = 0
        self._server: asyncio.Server | None = None
        self._down_writers: set[asyncio.StreamWriter] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._mute: set[asyncio.StreamWriter] = set()

    async def start(self, target: int) -> None:
        """Forward to the port `target`; again after `close`, at the same address."""
        self._target = target
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def retarget(self, target: int) -> None:
        """Forward new connections to another port from now on."""
        self._target = target

    @property
    def idle(self) -> bool:
        """Whether there is no connection now."""
        return not self._writers

    def lose_answers(self) -> None:
        """Swallow all that comes down on the connections there are now."""
        self._mute |= self._down_writers

    def drop(self) -> None:
        """Reset every connection there is."""
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        """Refuse connections, and drop those there are."""
        assert self._server is not None
        self._server.close()
        self.drop()
        await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        self._down_writers.add(writer)
        await asyncio.gather(
            self._pass_on(reader, far_writer, self.up), self._pass_on(far_reader, writer, self.down)
        )
        self._writers -= {writer, far_writer}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passed: Passed
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                passed.add(data)
                if not self.cut and writer not in self._mute:
                    writer.write(data)
        writer.close()
