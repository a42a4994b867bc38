"""The supervised reader of a CAN bus: it listens, reconnects, tells what happened, and never transmits."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

import can

from stallaini.clock import Clock
from stallaini.devices.can_bus.frame import EventData, Frame
from stallaini.devices.can_bus.interfaces import LinkState, bus_arguments, open_bus, read_link_state
from stallaini.devices.can_bus.pump import UNUSABLE, Pump, shut_down

_log = logging.getLogger(__name__)

SILENT_AFTER_S = 30.0
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 30.0
ERROR_EVENT_EVERY_S = 60.0

_BUS_OFF, _RESTARTED = 0x40, 0x100
_ERROR_CLASSES = {
    0x01: "transmit time-out",
    0x02: "arbitration lost",
    0x04: "controller",
    0x08: "protocol",
    0x10: "transceiver",
    0x20: "no acknowledgement",
    _BUS_OFF: "bus off",
    0x80: "bus error",
    _RESTARTED: "restarted",
}


class CanReader:
    """Listens to one bus for as long as `run` runs, and hands every frame to `on_frame` in order.

    Events, each with `bus`: `can.open` (listen_only), `can.lost` (reason; once per outage), `can.silent`
    (after_s) and `can.heard` (silent_s), `can.bus_off`, `can.error_frame` (count, classes; at most one a
    minute), `can.not_listen_only` (advice). Raises OperatorError at once when the bus line is none.
    """

    def __init__(
        self,
        bus_spec: str,
        clock: Clock,
        on_frame: Callable[[Frame], None],
        on_event: Callable[[str, EventData], None],
    ) -> None:
        bus_arguments(bus_spec)
        self.counters: Counter[str] = Counter()
        """frames, error_frames, damaged_frames, opened, lost."""
        self._spec = bus_spec
        self._clock = clock
        self._on_frame = on_frame
        self._on_event = on_event
        self._is_open = False
        self._is_lost = False
        self._is_silent = False
        self._is_bus_off = False
        self._heard_at_s = clock.monotonic_s()
        self._retry_s = FIRST_RETRY_S
        self._errors_untold = 0
        self._errors_told_at_s: float | None = None

    async def run(self) -> None:
        """Listen until cancelled. An exception of a callback ends it; one of the bus never does."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._watch_silence())

    async def _listen(self) -> None:
        while True:
            await self._listen_once()
            self._is_open = False
            await self._clock.sleep(self._retry_s)
            self._retry_s = min(LAST_RETRY_S, self._retry_s * 2)

    async def _listen_once(self) -> None:
        try:
            bus = await self._open()
        except UNUSABLE as error:
            self._tell_lost(error)
            return
        try:
            await self._tell_open()
            await Pump(bus, self._take, self._count_damaged).run()
        except UNUSABLE as error:
            self._tell_lost(error)
        finally:
            shut_down(bus)

    async def _open(self) -> can.BusABC:
        # Opening may block for seconds (a serial adapter); when cancelled meanwhile, close what comes of it.
        opening = asyncio.ensure_future(asyncio.to_thread(open_bus, self._spec))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_shut_down_opened)
            raise

    def _take(self, message: can.Message) -> None:
        now_s = self._clock.monotonic_s()
        frame = Frame(
            message.arbitration_id,
            bytes(message.data),
            now_s,
            None,
            message.is_extended_id and not message.is_error_frame,
            message.is_remote_frame,
            message.is_error_frame,
        )
        if frame.error:
            self._take_error(frame)
        else:
            self.counters["frames"] += 1
            self._retry_s = FIRST_RETRY_S
            self._is_bus_off = False
            if self._is_silent:
                self._is_silent = False
                self._tell("can.heard", silent_s=round(now_s - self._heard_at_s))
            self._heard_at_s = now_s
        self._on_frame(frame)

    def _take_error(self, frame: Frame) -> None:
        self.counters["error_frames"] += 1
        self._errors_untold += 1
        if frame.id & _RESTARTED:
            self._is_bus_off = False
        if frame.id & _BUS_OFF and not self._is_bus_off:
            self._tell_bus_off()
        told_s = self._errors_told_at_s
        if told_s is None or frame.monotonic_s - told_s >= ERROR_EVENT_EVERY_S:
            classes = ", ".join(name for bit, name in _ERROR_CLASSES.items() if frame.id & bit)
            self._tell("can.error_frame", count=self._errors_untold, classes=classes)
            self._errors_told_at_s, self._errors_untold = frame.monotonic_s, 0

    def _count_damaged(self, error: Exception) -> None:
        self.counters["damaged_frames"] += 1
        _log.debug("%s: unreadable frame: %s", self._spec, error)

    async def _watch_silence(self) -> None:
        while True:
            left_s = self._heard_at_s + SILENT_AFTER_S - self._clock.monotonic_s()
            if self._is_open and not self._is_silent and left_s <= 0:
                self._is_silent = True
                self._tell("can.silent", after_s=round(SILENT_AFTER_S))
                self._judge(await self._link_state())
            await self._clock.sleep(left_s if left_s > 0 else SILENT_AFTER_S)

    async def _tell_open(self) -> None:
        self.counters["opened"] += 1
        state = await self._link_state()
        self._is_open, self._is_lost, self._is_silent, self._is_bus_off = True, False, False, False
        self._heard_at_s = self._clock.monotonic_s()
        listen_only = state.listen_only if state else self._spec.startswith("slcan:") or None
        self._tell("can.open", listen_only=listen_only)
        self._judge(state)
        if state is not None and state.listen_only is False:
            interface = self._spec.partition(":")[2]
            self._tell(
                "can.not_listen_only",
                advice=f"ip link set {interface} down; ip link set {interface} type can listen-only on; "
                f"ip link set {interface} up",
            )

    async def _link_state(self) -> LinkState | None:
        kind, _, interface = self._spec.partition(":")
        return await read_link_state(interface) if kind == "socketcan" else None

    def _judge(self, state: LinkState | None) -> None:
        if state is not None and state.state == "BUS-OFF" and not self._is_bus_off:
            self._tell_bus_off()

    def _tell_bus_off(self) -> None:
        self._is_bus_off = True
        self._tell("can.bus_off")

    def _tell_lost(self, error: BaseException) -> None:
        self.counters["lost"] += 1
        if not self._is_lost:
            self._is_lost = True
            self._tell("can.lost", reason=str(error) or type(error).__name__)

    def _tell(self, kind: str, **data: str | int | float | bool | None) -> None:
        self._on_event(kind, {"bus": self._spec, **data})


def _shut_down_opened(opening: asyncio.Future[can.BusABC]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        shut_down(opening.result())
