"""One network namespace: a network of its own for threads and programs started in it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from stallaini.ops.netlab.tools import find, tool

T = TypeVar("T")
FOLDER = Path("/run/netns")
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_STOP_S = 5.0
_LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A named namespace. Everything started in it is ended, by its process id, when it is removed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._programs: list[subprocess.Popen[bytes]] = []
        tool("ip", "netns", "add", name)

    def prepare(self) -> None:
        """Bring the loopback up, IPv6 down."""
        for scope in ("all", "default"):  # else the kernel's own IPv6 chatter is counted as traffic
            setting = Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6")
            self.call(partial(setting.write_text, "1"))
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: str) -> str:
        """Run the tool `ip` on this namespace."""
        return tool("ip", "-n", self.name, *words)

    def tool(self, *words: str) -> str:
        """Run another tool in this namespace."""
        return tool("ip", "netns", "exec", self.name, *words)

    def start(self, *words: str) -> int:
        """Start a program that runs until the namespace is removed; its process id."""
        ip, program = find("ip"), find(words[0])
        assert ip is not None
        assert program is not None
        self._programs.append(
            subprocess.Popen(
                [ip, "netns", "exec", self.name, program, *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        return self._programs[-1].pid

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread inside the namespace and return what it returns, or raise what it raises."""
        result: Future[T] = Future()

        def inside() -> None:
            try:
                self._enter()
                result.set_result(work())
            except BaseException as error:
                result.set_exception(error)

        thread = threading.Thread(target=inside, name=self.name)
        thread.start()
        thread.join()
        return result.result()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The same for a coroutine, in an event loop of its own."""
        return self.call(lambda: asyncio.run(work()))

    @contextmanager
    def hosting(self, service: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
        """Keep a service open, in a thread and an event loop of its own, inside the namespace."""
        opened: Future[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

        async def host() -> None:
            stop = asyncio.Event()
            async with service() as value:
                opened.set_result((value, asyncio.get_running_loop(), stop))
                await stop.wait()

        def inside() -> None:
            try:
                self._enter()
                asyncio.run(host())
            except BaseException as error:
                if opened.done():
                    raise
                opened.set_exception(error)

        thread = threading.Thread(target=inside, name=f"{self.name} host")
        thread.start()
        try:
            value, loop, stop = opened.result()
            try:
                yield value
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended by an error of its own
                    loop.call_soon_threadsafe(stop.set)
        finally:
            thread.join()

    def remove(self) -> None:
        """End the programs started here and remove the namespace with its interfaces."""
        for program in reversed(self._programs):
            program.terminate()
        for program in self._programs:
            try:
                program.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        self._programs.clear()
        tool("ip", "netns", "del", self.name)

    def _enter(self) -> None:
        """Move the calling thread into the namespace, for good."""
        handle = os.open(FOLDER / self.name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _LIBC.setns(handle, _CLONE_NEWNET) != 0:
                code = ctypes.get_errno()
                raise OSError(code, f"cannot enter the namespace {self.name}: {os.strerror(code)}")
        finally:
            os.close(handle)
