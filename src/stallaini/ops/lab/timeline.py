"""Virtual time: one row of events, shared by the event loops of every simulated process.

Nothing waits. When nothing is ready, time jumps to the next timer. A process has a loop of its own, so that
killing it is simply never running that loop again: no task is cancelled, no `finally` gets its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextvars import Context, copy_context
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_MOST_CALLS = 500_000


class Livelock(Exception):
    """The programs keep each other busy without time passing on: there is no end of it."""


class Timeline:
    """Runs what the loops have scheduled, in the order of time, and of scheduling where times are equal."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.outside = ProcessLoop(self, self.failed)
        self._ready: deque[asyncio.Handle] = deque()
        self._timed: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = itertools.count()
        self._failure: BaseException | None = None
        self._calls_left = _MOST_CALLS

    def run_until(self, end_s: float) -> None:
        """Run everything up to `end_s`. Raises what a callback of the lab itself raised, and Livelock."""
        with _running_loop_kept():
            while self._run_next(end_s):
                if self._failure is not None:
                    raise self._failure
        self.now_s = max(self.now_s, end_s)

    def at(self, when_s: float, callback: Callable[..., object], *args: object) -> None:
        """Call something of the lab's own at that time."""
        self.outside.call_at(when_s, callback, *args, context=Context())

    def soon(self, handle: asyncio.Handle) -> None:
        """Run a handle after those that are ready already."""
        self._ready.append(handle)

    def later(self, handle: asyncio.TimerHandle) -> None:
        """Run a handle when its time has come."""
        heapq.heappush(self._timed, (handle.when(), next(self._order), handle))

    def _run_next(self, end_s: float) -> bool:
        while self._timed and self._timed[0][0] <= self.now_s:
            self._ready.append(heapq.heappop(self._timed)[2])
        if self._ready:
            self._run(self._ready.popleft())
            return True
        if not self._timed or self._timed[0][0] > end_s:
            return False
        self.now_s = self._timed[0][0]
        return True

    def _run(self, handle: asyncio.Handle) -> None:
        loop = handle._loop  # type: ignore[attr-defined]
        if loop.is_closed():
            loop.left.append(handle)
        if handle.cancelled() or loop.is_closed():
            return
        self._calls_left -= 1
        if self._calls_left < 0:
            raise Livelock(f"still busy after {_MOST_CALLS} calls, at {self.now_s:.1f} s")
        asyncio._set_running_loop(loop)
        handle._run()

    def failed(self, context: dict[str, Any]) -> None:
        """Something of the lab's own raised: `run_until` shall raise it."""
        self._failure = context.get("exception") or RuntimeError(context.get("message"))


class ProcessLoop(asyncio.BaseEventLoop):
    """The event loop of one simulated process.

    `pool_delay_s` tells how long a function handed to a thread pool waits for its turn; each pool runs one
    at a time. `failed` is told what asyncio would log: callbacks that raised, exceptions nobody took.
    `left` is what a dead process did not come to: kept, so that nothing is taken apart before `bury`.
    """

    _dead = True

    def __init__(self, timeline: Timeline, failed: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self.pool_delay_s: Callable[[], float] = lambda: 0.0
        self.left: list[asyncio.Handle] = []
        self._timeline = timeline
        self._told = failed
        self._dead = False
        self._readers: dict[int, tuple[Callable[..., object], tuple[Any, ...], Context]] = {}
        self._pool_free_s: dict[int, float] = {}

    def die(self) -> None:
        """Never run again; what the process has pending is simply left."""
        self._dead = True

    def bury(self) -> None:
        """Take apart what a dead process left, so that no garbage collector complains later."""
        self.die()
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            if isinstance(coroutine, Generator | Coroutine):
                with contextlib.suppress(BaseException):
                    coroutine.close()
        self.left.clear()

    def readable(self, fileno: int) -> None:
        """There is something to read at a socket."""
        if fileno in self._readers:
            callback, args, context = self._readers[fileno]
            self.call_soon(callback, *args, context=context)

    # -- what asyncio asks of a loop

    def time(self) -> float:
        """Virtual seconds."""
        return self._timeline.now_s

    def is_closed(self) -> bool:
        """Whether the process has ended."""
        return self._dead

    def is_running(self) -> bool:
        """Whether it goes on."""
        return not self._dead

    def close(self) -> None:
        """The same as the end of the process."""
        self._dead = True

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback for now."""
        handle = asyncio.Handle(callback, args, self, context)
        self._timeline.soon(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Schedule a callback for a virtual time."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._timeline.later(handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when its time comes."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell what nobody took; of a dead process nothing."""
        if not self._dead:
            self._told(context)

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run a function in this thread, a little later, after what its pool has got before."""
        start_s = max(self.time(), self._pool_free_s.get(id(executor), 0.0)) + self.pool_delay_s()
        self._pool_free_s[id(executor)] = start_s
        future: asyncio.Future[T] = self.create_future()
        self.call_at(start_s, _fulfil, future, func, args)
        return future

    async def getaddrinfo(self, host: Any, port: Any, **wanted: Any) -> list[Any]:
        """Addresses are written in numbers here; IPv6 is wanted by whoever listens."""
        family = wanted.get("family", 0) or socket.AF_INET
        address = (host, port) if family == socket.AF_INET else (f"::ffff:{host}", port, 0, 0)
        return [(family, socket.SOCK_DGRAM, socket.IPPROTO_UDP, "", address)]

    def add_reader(self, fd: Any, callback: Callable[[*Ts], Any], *args: *Ts) -> None:
        """Call back whenever `readable` is told of that socket."""
        self._readers[fd] = callback, args, copy_context()

    def remove_reader(self, fd: Any) -> bool:
        """Forget a socket."""
        return self._readers.pop(fd, None) is not None


def _fulfil(future: asyncio.Future[T], func: Callable[..., T], args: tuple[Any, ...]) -> None:
    if future.cancelled():
        return
    try:
        future.set_result(func(*args))
    except BaseException as error:
        future.set_exception(error)


@contextlib.contextmanager
def _running_loop_kept() -> Iterator[None]:
    before = asyncio._get_running_loop()
    try:
        yield
    finally:
        asyncio._set_running_loop(before)
