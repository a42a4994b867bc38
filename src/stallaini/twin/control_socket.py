"""How a person or a test talks to a running twin: a line in, a line of JSON back, over a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stallaini.errors import OperatorError

Handle = Callable[[Sequence[str]], dict[str, Any]]
"""Does what the words of a line ask and returns what to answer. Raises OperatorError."""

_WAIT_S = 5.0


class ControlSocket:
    """Serves `path` for as long as it is open; its permissions let in its owner alone."""

    def __init__(self, path: Path, handle: Handle) -> None:
        self._path = path
        self._handle = handle
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises OperatorError when the path is in use or not writable."""
        try:
            if self._path.is_socket():
                self._remove_dead_socket()
            self._server = await asyncio.start_unix_server(self._serve, self._path)
            self._path.chmod(0o600)
        except OSError as error:
            raise OperatorError(f"cannot serve {self._path}: {error}; name another path") from error

    def _remove_dead_socket(self) -> None:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._path))
            except ConnectionRefusedError:
                self._path.unlink()
                return
        raise OperatorError(f"a twin already listens at {self._path}; stop it or name another path")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError):  # a caller that leaves, or a line without end
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return self._handle(line.decode(errors="replace").split())
        except OperatorError as error:
            return {"error": str(error)}

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)


def ask(path: Path, words: Sequence[str]) -> dict[str, Any]:
    """What the twin at `path` answers to a line. Raises OperatorError: none is there, or it refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_WAIT_S)
            line.connect(str(path))
            line.sendall(" ".join(words).encode() + b"\n")
            answer = dict(json.loads(line.makefile().readline() or '{"error": "the twin hung up"}'))
    except OSError as error:
        reason = f"no twin listens at {path}: {error.strerror or error}"
        raise OperatorError(f"{reason}; start one with `stallaini twin ... --control {path}`") from error
    if "error" in answer:
        raise OperatorError(str(answer["error"]))
    return answer
