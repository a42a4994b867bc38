"""A CAN bus between processes of one machine: a Unix SEQPACKET hub that passes the kernel's struct can_frame.

Nothing is lost (a slow listener slows the sender), nothing leaves the machine, error frames pass, and
the socket's file permissions guard it. Clients use it as any python-can bus:
`can.Bus(interface="simbus", channel="/path.sock")`. Not modelled: arbitration, acknowledgement, bit time.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import select
import socket
import struct
import termios
from pathlib import Path
from typing import Any

import can

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError

_log = logging.getLogger(__name__)
# python-can makes the bus itself and hands it no clock.
_CLOCK = SystemClock()

FRAME = struct.Struct("=IB3x8s")
EXTENDED, REMOTE, ERROR = 0x8000_0000, 0x4000_0000, 0x2000_0000
_ID_MASK = 0x1FFF_FFFF
_DRAIN_POLL_S = 0.0005
_DRAIN_QUICK_LOOKS = 60
_YIELD_EVERY = 64


def pack_frame(can_id: int, data: bytes) -> bytes:
    """The 16-byte kernel frame; `can_id` may carry the EXTENDED, REMOTE and ERROR bits, `data` 0-8 bytes."""
    if len(data) > 8:
        raise ValueError(f"a CAN frame holds at most 8 bytes, not {len(data)}")
    return FRAME.pack(can_id, len(data), data)


class SimBus(can.BusABC):
    """A client of a `Hub`. `receive=False` makes a pure sender that nobody ever has to wait for."""

    def __init__(self, channel: str, receive: bool = True, **kwargs: Any) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._socket.connect(channel)
            if not receive:
                self._socket.shutdown(socket.SHUT_RD)
        except OSError as error:
            self._socket.close()
            raise can.CanInitializationError(f"no hub at {channel}: {error.strerror}") from error
        self.channel_info = f"simbus {channel}"
        super().__init__(channel=channel, **kwargs)

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """Hand one frame to the hub, waiting while it is full. Raises CanOperationError when it is gone."""
        flags = (
            (EXTENDED if msg.is_extended_id else 0)
            | (REMOTE if msg.is_remote_frame else 0)
            | (ERROR if msg.is_error_frame else 0)
        )
        try:
            self._socket.settimeout(timeout)
            self._socket.send(FRAME.pack(msg.arbitration_id | flags, msg.dlc, bytes(msg.data)))
        except OSError as error:
            raise can.CanOperationError(f"{self.channel_info}: {error}") from error

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        try:
            if not select.select([self._socket], [], [], timeout)[0]:
                return None, False
            packet = self._socket.recv(FRAME.size)
        except (OSError, ValueError) as error:
            raise can.CanOperationError(f"{self.channel_info}: {error}") from error
        if len(packet) != FRAME.size:
            raise can.CanOperationError(f"{self.channel_info}: the hub is gone")
        can_id, length, data = FRAME.unpack(packet)
        message = can.Message(
            timestamp=_CLOCK.wall_s(),
            arbitration_id=can_id & _ID_MASK,
            is_extended_id=bool(can_id & EXTENDED),
            is_remote_frame=bool(can_id & REMOTE),
            is_error_frame=bool(can_id & ERROR),
            dlc=length,
            data=None if can_id & REMOTE else data[:length],
        )
        return message, False

    def unsent(self) -> int:
        """Bytes this client sent that the hub has not read yet."""
        return _queued(self._socket, termios.TIOCOUTQ)

    def fileno(self) -> int:
        """The socket, for an event loop."""
        return self._socket.fileno()

    def shutdown(self) -> None:
        """Leave the bus."""
        super().shutdown()
        self._socket.close()


def _queued(end: socket.socket, request: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(end.fileno(), request, b"\0\0\0\0"))[0])


class Hub:
    """The bus itself: passes every frame of one peer to all others, in order, losing none."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._listener: socket.socket | None = None
        self._peers: dict[socket.socket, asyncio.Task[None]] = {}
        self._deaf: set[socket.socket] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._in_hand = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def peers(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    async def start(self) -> None:
        """Listen. Raises OperatorError when the path is in use, too long or not writable."""
        self._remove_stale_socket()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            listener.bind(str(self._path))
            self._path.chmod(0o600)
        except OSError as error:
            listener.close()
            raise OperatorError(f"cannot make the bus {self._path}: {error}; name another path") from error
        listener.listen(64)
        listener.setblocking(False)
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener))

    def _remove_stale_socket(self) -> None:
        if not self._path.is_socket():
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
            try:
                probe.connect(str(self._path))
            except OSError:
                self._path.unlink()
                return
        raise OperatorError(f"a bus already runs at {self._path}; stop it or name another path")

    async def close(self) -> None:
        """Drop every peer, stop listening, remove the socket file."""
        tasks = [task for task in (self._accepting, *self._peers.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for peer in list(self._peers):
            self._drop(peer)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)

    async def send(self, can_id: int, data: bytes) -> None:
        """Put a frame on the bus from the hub's own process, waiting for slow listeners."""
        await self._forward(pack_frame(can_id, data), source=None)

    async def drained(self) -> None:
        """Return once every frame handed to the bus has been read by every peer that listens."""
        looks = 0
        while self._in_hand or any(self._pending(peer) for peer in self._peers):
            looks += 1
            # An event loop's shortest sleep is a millisecond, longer than a listener takes for a burst.
            await asyncio.sleep(0 if looks < _DRAIN_QUICK_LOOKS else _DRAIN_POLL_S)

    def _pending(self, peer: socket.socket) -> bool:
        try:
            waiting_in = _queued(peer, termios.FIONREAD)
            return waiting_in > 0 or (peer not in self._deaf and _queued(peer, termios.TIOCOUTQ) > 0)
        except OSError:
            return False

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            peer, _ = await loop.sock_accept(listener)
            peer.setblocking(False)
            self._peers[peer] = asyncio.create_task(self._pump(peer))

    async def _pump(self, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        passed = 0
        try:
            while packet := await loop.sock_recv(peer, FRAME.size):
                if len(packet) == FRAME.size:
                    await self._forward(packet, source=peer)
                passed += 1
                if passed % _YIELD_EVERY == 0:  # ready sockets never suspend: let others of the loop run
                    await asyncio.sleep(0)
        except OSError as error:
            _log.debug("peer left the bus %s: %s", self._path, error)
        self._drop(peer)

    async def _forward(self, packet: bytes, source: socket.socket | None) -> None:
        loop = asyncio.get_running_loop()
        self._in_hand += 1
        try:
            async with self._one_at_a_time:  # all listeners see one order, as on a wire
                for peer in [peer for peer in self._peers if peer is not source and peer not in self._deaf]:
                    try:
                        await loop.sock_sendall(peer, packet)
                    except BrokenPipeError:
                        self._deaf.add(peer)
                    except OSError:
                        self._drop(peer)
        finally:
            self._in_hand -= 1

    def _drop(self, peer: socket.socket) -> None:
        task = self._peers.pop(peer, None)
        self._deaf.discard(peer)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
        with contextlib.suppress(OSError):
            peer.close()
