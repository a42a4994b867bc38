"""The master of a SCOM gateway: asks, waits, repeats, and believes only what answers the question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from stallaini.clock import Clock
from stallaini.devices.studer import multi_info
from stallaini.devices.studer.asker import Part, StuderRefused, StuderSilent
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.exchange import Debts, Patience, agree, middle, persist
from stallaini.devices.studer.formats import decode_number, encode_setting
from stallaini.devices.studer.frame import Flag, Frame, FrameReader, encode_frame
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import family_of, info_at, parameter_at
from stallaini.devices.studer.port import Port
from stallaini.devices.studer.service import (
    GATEWAY,
    Answer,
    ObjectType,
    Property,
    Question,
    Read,
    WriteUnsaved,
    decode_answer,
    decode_message,
)

_log = logging.getLogger(__name__)

T = TypeVar("T")
Decode = Callable[[bytes], T]

DOUBTED_READS = 16
"""How many reads are made twice after damage was seen on the line."""

_PROPERTIES = {Part.VALUE: Property.VALUE, Part.MIN: Property.MIN, Part.MAX: Property.MAX}
_DRAIN_CHUNKS = 256


class ScomMaster:
    """One gateway, one request outstanding. Implements `StuderAsker`.

    SCOM numbers no request, so an answer is believed only when its source, its destination, service, object
    type, object id and property are those asked for and its length is that of the object's format. What comes
    late is dropped. That leaves an answer to an *earlier, equal* request; what is guaranteed of it:

    - a read's value was measured at most `patience.late_s` before the read began (what lies in the port is
      thrown away before each request);
    - a write is a fence: before it goes out, every answer still owed has come or is overdue by `late_s`. So
      no value measured before a write is delivered by a read after it, and no other write's acknowledgement
      is taken for this one's;
    - a write whose acknowledgement was lost is repeated with the same value. When it raises, the value may or
      may not be set; when it returns, the gateway accepted it. Whether the device obeys, an info tells.

    The checksums are weak (docs/reference/studer.md): after damage was seen on the line, the next
    `DOUBTED_READS` reads are made twice, and where both differ a third time, keeping the middle value.
    """

    def __init__(self, port: Port, clock: Clock, source: int = 1, patience: Patience | None = None) -> None:
        self.message_pending = False
        """Whether the last answer said that the gateway stores messages nobody has read."""
        self.stored_messages = 0
        """How many messages the gateway stores, as the last `read_message` told."""
        self._port = port
        self._clock = clock
        self._source = source
        self._patience = patience or Patience()
        self._reader = FrameReader()
        self._damaged = 0
        self._doubted = 0
        self._debts: Debts[tuple[int, Question]] = Debts()
        self._one_at_a_time = asyncio.Lock()
        self._multi_works: bool | None = None

    async def read_info(self, address: int, nr: int) -> float:
        """See `StuderAsker`."""
        format = info_at(address, nr).format
        question = Read(ObjectType.INFO, nr, Property.INFO)
        return (await self._read(address, question, lambda data: (decode_number(format, data),)))[0]

    async def read_parameter(self, address: int, nr: int, part: Part = Part.VALUE) -> float:
        """See `StuderAsker`."""
        format = parameter_at(address, nr).format
        question = Read(ObjectType.PARAMETER, nr, _PROPERTIES[part])
        return (await self._read(address, question, lambda data: (decode_number(format, data),)))[0]

    async def write_unsaved(self, address: int, nr: int, value: float) -> None:
        """See `StuderAsker`."""
        data = encode_setting(parameter_at(address, nr).format, value)
        await self._exchange(address, WriteUnsaved(nr, data), _nothing)

    async def read_message(self, index: int) -> StoredMessage:
        """The stored message `index`, 0 the newest: reading that one fixes the order for the older ones and
        clears the pending flag. Raises StuderRefused when there is none.
        """
        question = Read(ObjectType.MESSAGE, index, Property.NONE)
        told = await self._exchange(GATEWAY, question, decode_message)
        if self._doubted:
            self._doubted -= 1
            again = await self._exchange(GATEWAY, question, decode_message)
            told = again if again == told else await self._exchange(GATEWAY, question, decode_message)
        self.stored_messages, stored = told
        return stored

    async def read_many(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """The infos (address, number), as many at once as the gateway allows; those refused are left out.

        A gateway that knows no multi-info is asked singly from then on. Raises StuderRefused when the gateway
        is busy, StuderSilent, PortLost, UnknownObject.
        """
        found: dict[tuple[int, int], float] = {}
        for batch in _batches(tuple(wanted)):
            found |= await self._read_together(batch)
        for address, nr in wanted:
            if (address, nr) not in found:
                try:
                    found[address, nr] = await self.read_info(address, nr)
                except StuderRefused as refusal:
                    if refusal.error is ScomError.GATEWAY_BUSY:
                        raise
                    _log.debug("info %d of %d: %s", nr, address, refusal)
        return found

    async def _read_together(self, batch: _Batch) -> dict[tuple[int, int], float]:
        """What multi-info tells of a batch: nothing where the gateway does not know the service."""
        if self._multi_works is False or len(batch.wanted) < 2:
            return {}
        present = 0

        def decode(data: bytes) -> tuple[float, ...]:
            nonlocal present
            present, _, values = multi_info.decode_values(data, batch.entries)
            self._multi_works = True
            return values

        try:
            values = await self._read(GATEWAY, batch.question, decode)
        except StuderRefused as refusal:
            if refusal.error is ScomError.GATEWAY_BUSY:
                raise
            if refusal.error is ScomError.TYPE_NOT_SUPPORTED:
                self._multi_works = False
            return {}
        except StuderSilent:
            if self._multi_works:
                raise
            # Silence on a bad line tells nothing of the gateway.
            self._multi_works = None if self._doubted else False
            return {}
        there = {address for address in batch.addresses if multi_info.has(present, family_of(address))}
        return {each: value for each, value in zip(batch.wanted, values, strict=True) if each[0] in there}

    async def _read(
        self, address: int, question: Read, decode: Decode[tuple[float, ...]]
    ) -> tuple[float, ...]:
        first = await self._exchange(address, question, decode)
        if self._doubted == 0:
            return first
        self._doubted -= 1
        second = await self._exchange(address, question, decode)
        if agree(first, second):
            return first
        return middle((first, second, await self._exchange(address, question, decode)))

    async def _exchange(self, address: int, question: Question, decode: Decode[T]) -> T:
        tries_once = question.object_type == ObjectType.MULTI_INFO and self._multi_works is None

        async def attempt() -> T:
            return await self._ask(address, question, decode)

        async with self._one_at_a_time:
            if isinstance(question, WriteUnsaved):
                await self._settle()
            if tries_once:
                return await attempt()
            return await persist(attempt, self._pause, self._patience)

    async def _ask(self, address: int, question: Question, decode: Decode[T]) -> T:
        """One request and its answer. Raises StuderRefused, StuderSilent, PortLost."""
        await self._drain()
        asked_s = self._clock.monotonic_s()
        self._debts.owe((address, question), asked_s, self._patience.late_s)
        await self._port.send(encode_frame(Frame(0, self._source, address, question.encode())))
        ends_s = asked_s + self._patience.timeout_s
        while True:
            frames, silent = await self._hear(ends_s - self._clock.monotonic_s())
            for frame, answer in self._answers(frames):
                self._settle_one(frame, answer)
                if frame.src != address or not answer.answers(question):
                    continue
                if answer.error is not None:
                    raise StuderRefused(answer.error)
                try:
                    return decode(answer.data)
                except ValueError as error:
                    _log.info("device %d: %s", address, error)
            if silent:
                raise StuderSilent(f"no answer of device {address}")

    async def _hear(self, wait_s: float) -> tuple[list[Frame], bool]:
        """The frames that came next, and whether the time is over."""
        chunk = await self._port.receive(max(0.0, wait_s)) if wait_s > 0 else b""
        frames = self._reader.feed(chunk) if chunk else self._reader.flush()
        self._note_damage()
        return frames, not chunk

    def _note_damage(self) -> None:
        if self._reader.damaged != self._damaged:
            self._damaged = self._reader.damaged
            self._doubted = DOUBTED_READS

    def _answers(self, frames: list[Frame]) -> list[tuple[Frame, Answer]]:
        """Those of the frames that are answers to us; notes the gateway's flags."""
        answers = []
        for frame in frames:
            if frame.dst != self._source:
                continue
            try:
                answers.append((frame, decode_answer(frame.data)))
            except ValueError:
                continue
            self.message_pending = bool(frame.flags & Flag.MESSAGE_PENDING)
        return answers

    def _settle_one(self, frame: Frame, answer: Answer) -> None:
        if not self._debts.pay(lambda asked: frame.src == asked[0] and answer.answers(asked[1])):
            _log.info("device %d answered what nobody asked", frame.src)

    async def _drain(self) -> None:
        """Throw away what has come without being asked for."""
        for _ in range(_DRAIN_CHUNKS):
            chunk = await self._port.receive(0)
            if not chunk:
                break
            self._drop(self._reader.feed(chunk))
        self._drop(self._reader.flush())
        self._note_damage()

    def _drop(self, frames: list[Frame]) -> None:
        for frame, answer in self._answers(frames):
            self._settle_one(frame, answer)

    async def _settle(self) -> None:
        """Wait until no answer is owed any more."""
        while left_s := self._debts.left_s(self._clock.monotonic_s()):
            frames, silent = await self._hear(left_s)
            self._drop(frames)
            if silent:
                self._debts.forget()

    async def _pause(self, pause_s: float) -> None:
        ends_s = self._clock.monotonic_s() + pause_s
        silent = False
        while not silent:
            frames, silent = await self._hear(ends_s - self._clock.monotonic_s())
            self._drop(frames)


class _Batch(NamedTuple):
    """Infos that one multi-info asks for, and all that follows from them."""

    wanted: tuple[tuple[int, int], ...]
    addresses: frozenset[int]
    entries: list[multi_info.Entry]
    question: Read


@lru_cache(maxsize=64)
def _batches(wanted: tuple[tuple[int, int], ...]) -> list[_Batch]:
    """What of `wanted` multi-info can ask for, much the same each minute. Raises UnknownObject."""
    for address, nr in wanted:
        info_at(address, nr)
    units = [(each, multi_info.unit_of(each[0])) for each in wanted]
    known = [(each, multi_info.Entry(each[1], unit)) for each, unit in units if unit is not None]
    batches = []
    for at in range(0, len(known), multi_info.MAX_ENTRIES):
        infos, entries = zip(*known[at : at + multi_info.MAX_ENTRIES], strict=True)
        addresses = frozenset(address for address, _ in infos)
        batches.append(_Batch(infos, addresses, list(entries), multi_info.ask(entries)))
    return batches


def _nothing(data: bytes) -> None:
    if data:
        raise ValueError("the acknowledgement of a write carries no data")
