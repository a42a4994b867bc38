"""The master of an Xcom-CAN in public mode: asks seldom, waits, repeats, believes only exact answers."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Sequence

from stallaini.clock import Clock
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.studer.asker import Part, StuderRefused, StuderSilent
from stallaini.devices.studer.can_public import (
    CanAnswer,
    CanPart,
    CanQuestion,
    ReadInfo,
    ReadParameter,
    WriteRam,
    decode_answer,
    decode_message,
    encode_question,
)
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.exchange import Debts, Patience, persist
from stallaini.devices.studer.formats import Format, encode_setting
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import info_at, parameter_at
from stallaini.devices.studer.port import FramePort

_log = logging.getLogger(__name__)

CAN_PATIENCE = Patience(timeout_s=1.0, late_s=3.0)
"""The maker's client waits 1 s; the gateway gets no faster by being asked more."""

PACE_S = 0.1
"""At least this between two requests: requests outrank a battery's frames on the bus they may share."""

_PARTS = {Part.VALUE: CanPart.FLASH, Part.MIN: CanPart.MIN, Part.MAX: CanPart.MAX}
_DRAIN_FRAMES = 4096


class CanMaster:
    """One Xcom-CAN, one request outstanding. Implements `StuderAsker`.

    An answer is believed only when it is an extended data frame, sent to us by the device asked, of the same
    service, object id and part; the acknowledgement of a write must name the value too. CAN itself guards the
    bytes. There is no sequence number here either: the guarantees about late answers are those of
    `ScomMaster`. An error names no part: a late refusal of one part may be taken for that of another.

    Messages are sent by the devices, unasked; they are handed to `on_message` with the next request.
    """

    def __init__(
        self,
        port: FramePort,
        clock: Clock,
        source: int = 1,
        patience: Patience = CAN_PATIENCE,
        on_message: Callable[[StoredMessage], None] = lambda _: None,
    ) -> None:
        self._port = port
        self._clock = clock
        self._source = source
        self._patience = patience
        self._on_message = on_message
        self._debts: Debts[tuple[int, CanQuestion]] = Debts()
        self._one_at_a_time = asyncio.Lock()
        self._asked_s = clock.monotonic_s() - PACE_S

    async def read_info(self, address: int, nr: int) -> float:
        """See `StuderAsker`."""
        info_at(address, nr)
        return await self._exchange(address, ReadInfo(nr))

    async def read_parameter(self, address: int, nr: int, part: Part = Part.VALUE) -> float:
        """See `StuderAsker`."""
        parameter_at(address, nr)
        return await self._exchange(address, ReadParameter(nr, _PARTS[part]))

    async def write_unsaved(self, address: int, nr: int, value: float) -> None:
        """See `StuderAsker`. A whole number that a float32 cannot hold raises ValueError too."""
        format = parameter_at(address, nr).format
        encode_setting(format, value)
        carried: float = struct.unpack("<f", struct.pack("<f", value))[0]
        if format is not Format.FLOAT and carried != value:
            raise ValueError(f"a CAN frame cannot carry {value!r} exactly")
        await self._exchange(address, WriteRam(nr, carried))

    async def read_many(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """The infos (address, number), one after the other; those refused are left out.

        Raises StuderRefused when the gateway is busy, StuderSilent, PortLost, UnknownObject.
        """
        found = {}
        for address, nr in wanted:
            try:
                found[address, nr] = await self.read_info(address, nr)
            except StuderRefused as refusal:
                if refusal.error is ScomError.GATEWAY_BUSY:
                    raise
                _log.debug("info %d of %d: %s", nr, address, refusal)
        return found

    async def _exchange(self, address: int, question: CanQuestion) -> float:
        async def attempt() -> float:
            return await self._ask(address, question)

        async def pause(pause_s: float) -> None:
            await self._hear_until(self._clock.monotonic_s() + pause_s)

        async with self._one_at_a_time:
            if isinstance(question, WriteRam):
                await self._settle()
            return await persist(attempt, pause, self._patience)

    async def _ask(self, address: int, question: CanQuestion) -> float:
        """One request and its answer. Raises StuderRefused, StuderSilent, PortLost."""
        can_id, data = encode_question(address, self._source, question)
        await self._hear_until(self._asked_s + PACE_S)
        await self._drain()
        self._asked_s = self._clock.monotonic_s()
        self._debts.owe((address, question), self._asked_s, self._patience.late_s)
        await self._port.send(can_id, data)
        ends_s = self._asked_s + self._patience.timeout_s
        while (left_s := ends_s - self._clock.monotonic_s()) > 0:
            frame = await self._port.receive(left_s)
            if frame is None:
                break
            answer = self._answer_in(frame)
            if answer is None or not answer.answers(address, question):
                continue
            if answer.error is not None:
                raise StuderRefused(answer.error)
            if answer.value is None or (isinstance(question, WriteRam) and answer.value != question.value):
                continue
            return answer.value
        raise StuderSilent(f"no answer of device {address}")

    def _answer_in(self, frame: Frame) -> CanAnswer | None:
        """The answer to us in a frame, struck from what is owed; hands on a message."""
        if not frame.extended or frame.error or frame.remote:
            return None
        message = decode_message(frame.id, frame.data)
        if message is not None:
            self._on_message(StoredMessage(message.nr, message.device, None, message.value))
            return None
        try:
            answer = decode_answer(frame.id, frame.data)
        except ValueError:
            return None
        if answer.destination != self._source:
            return None
        self._debts.pay(lambda asked: answer.answers(*asked))
        return answer

    async def _drain(self) -> None:
        """Throw away what has come without being asked for."""
        for _ in range(_DRAIN_FRAMES):
            frame = await self._port.receive(0)
            if frame is None:
                break
            self._answer_in(frame)

    async def _hear_until(self, ends_s: float) -> None:
        while (left_s := ends_s - self._clock.monotonic_s()) > 0:
            frame = await self._port.receive(left_s)
            if frame is None:
                break
            self._answer_in(frame)

    async def _settle(self) -> None:
        """Wait until no answer is owed any more."""
        while left_s := self._debts.left_s(self._clock.monotonic_s()):
            frame = await self._port.receive(left_s)
            if frame is None:
                self._debts.forget()
            else:
                self._answer_in(frame)
