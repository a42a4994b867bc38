"""A CAN bus to ask an Xcom-CAN on: the one place of this program that transmits on CAN, if the owner says so.

The reader of a battery's bus (`devices/can_bus`) cannot send, and this has nothing to do with it. What leaves
here is an extended frame that reads something or writes a parameter's RAM; all else is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any

import can

from stallaini.clock import Clock
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.interfaces import bus_arguments
from stallaini.devices.can_bus.pump import UNUSABLE, Pump, shut_down
from stallaini.devices.studer.can_public import CanPart, CanService, decode_request
from stallaini.devices.studer.port import PortLost
from stallaini.errors import OperatorError

_KEPT_FRAMES = 4096
_SEND_TIMEOUT_S = 1.0
_EXTENDED_ONLY: list[Any] = [{"can_id": 0, "can_mask": 0, "extended": True}]


async def open_frame_port(spec: str, transmit: bool, clock: Clock) -> CanPort:
    """Open the bus `spec` for asking; `transmit` is the site file's word that this bus may be sent on.

    Raises OperatorError without it or when `spec` names no bus, PortLost when it cannot be opened now.
    """
    arguments = bus_arguments(spec)
    if not transmit:
        raise OperatorError(
            f"{spec}: an Xcom-CAN tells nothing unless asked, and we disturb nothing: no bus is sent on. If "
            "this one ends in an Xcom-CAN in public protocol mode, write `transmit = true` beside its port"
        )
    opening = asyncio.ensure_future(asyncio.to_thread(_open, arguments))
    try:
        bus = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_opened)
        raise
    except UNUSABLE as error:
        raise PortLost(f"{spec}: {error}") from error
    return CanPort(bus, spec, clock)


def _open(arguments: dict[str, Any]) -> can.BusABC:
    bus = can.Bus(**{**arguments, **({"listen_only": False} if "listen_only" in arguments else {})})
    bus.set_filters(_EXTENDED_ONLY)
    send = bus.send

    def send_guarded(msg: can.Message, timeout: float | None = None) -> None:
        refuse_unless_harmless(msg)
        send(msg, timeout)

    bus.send = send_guarded  # type: ignore[method-assign]
    return bus


def _close_opened(opening: asyncio.Future[can.BusABC]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        shut_down(opening.result())


def refuse_unless_harmless(message: can.Message) -> None:
    """Raises CanOperationError unless it is an extended frame that reads, or writes to RAM."""
    if not message.is_extended_id or message.is_remote_frame or message.is_error_frame or message.is_fd:
        raise can.CanOperationError("only extended data frames leave here: all others may be a battery's")
    try:
        request = decode_request(message.arbitration_id, bytes(message.data))
    except ValueError as error:
        raise can.CanOperationError(f"only requests to an Xcom-CAN leave here: {error}") from error
    if request.service is CanService.WRITE_PARAMETER and request.part != CanPart.RAM:
        raise can.CanOperationError("a parameter's flash endures 1000 writes: only RAM is written")


class CanPort:
    """An open bus. Implements `FramePort`; keeps the newest 4096 extended frames that nobody fetched."""

    def __init__(self, bus: can.BusABC, name: str, clock: Clock) -> None:
        self._bus = bus
        self._name = name
        self._clock = clock
        self._received: deque[Frame] = deque(maxlen=_KEPT_FRAMES)
        self._news = asyncio.Event()
        self._lost: PortLost | None = None
        self._pumping = asyncio.create_task(self._pump())
        self._pumping.add_done_callback(lambda _: shut_down(bus))

    async def send(self, can_id: int, data: bytes) -> None:
        """Send an extended frame; PortLost when the bus is gone, or takes none for a second."""
        self._fail_if_lost()
        message = can.Message(arbitration_id=can_id, is_extended_id=True, data=data)
        refuse_unless_harmless(message)
        try:
            await asyncio.to_thread(self._bus.send, message, _SEND_TIMEOUT_S)
        except UNUSABLE as error:
            raise self._lose(error) from error

    async def receive(self, timeout_s: float) -> Frame | None:
        """The next extended frame; None when none came in time. PortLost when the bus is gone."""
        if not self._received:
            self._fail_if_lost()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
        if self._received:
            return self._received.popleft()
        self._fail_if_lost()
        return None

    def close(self) -> None:
        """Leave the bus; a receiver that waits gets PortLost."""
        self._lose("closed")
        self._pumping.cancel()

    async def _pump(self) -> None:
        try:
            await Pump(self._bus, self._take, lambda _: None).run()
        except UNUSABLE as error:
            self._lose(error)

    def _take(self, message: can.Message) -> None:
        if message.is_extended_id and not message.is_error_frame and not message.is_remote_frame:
            now_s = self._clock.monotonic_s()
            self._received.append(Frame(message.arbitration_id, bytes(message.data), now_s, extended=True))
            self._news.set()

    def _fail_if_lost(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _lose(self, how: object) -> PortLost:
        if self._lost is None:
            self._lost = PortLost(f"{self._name}: {how}")
            self._news.set()
        return self._lost
