"""A Studer gateway in the edge: asks its devices in turn, and outlives whatever the wire does."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Sequence
from enum import IntEnum
from typing import Protocol, runtime_checkable

from stallaini.clock import Clock
from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.ports.port import PortLost
from stallaini.devices.studer.asker import StuderAsker, StuderRefused, StuderSilent
from stallaini.devices.studer.device import StuderDevice, by_address
from stallaini.devices.studer.discovery import Discovery
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.history import History, MessageSource
from stallaini.devices.studer.memory import Memory
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import UnknownObject
from stallaini.devices.studer.plan import PollPlan, Question
from stallaini.devices.studer.watch import Watch
from stallaini.site.reading import Reading

_log = logging.getLogger(__name__)

BUDGET_S = 5.0
"""A round of questions goes on no longer than this; what is left comes first in the next."""
FIRST_REST_S, LAST_REST_S = 2.0, 15.0
"""After a failure nothing is asked for this long, doubled each time."""
AWAY_S = 20.0
"""A device that the gateway cannot reach is asked again after this."""
_TOGETHER = 31
_LOOK_EVERY_S = 10.0
_UNKNOWN = frozenset({ScomError.OBJECT_ID_NOT_FOUND, ScomError.OBJECT_NOT_SUPPORTED, ScomError.ACCESS_DENIED})
_UNREACHABLE = frozenset({ScomError.DEVICE_NOT_FOUND, ScomError.RESPONSE_TIMEOUT})


class Link(IntEnum):
    """The gateway's own channel `link`."""

    SILENT = 0
    ANSWERING = 1
    BUSY = 2


@runtime_checkable
class ManyAsker(Protocol):
    """A master that reads many infos in one exchange; those refused are missing in the answer."""

    async def read_many(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """Raises StuderRefused when the gateway is busy, StuderSilent, PortLost."""


class StuderGateway:
    """Polls the devices behind one gateway. Call `poll` whenever `next_due_s` has come, or oftener.

    Events: `studer.found`, `studer.message`, and `studer.lost` and `studer.heard` of the gateway or of one
    device, each once each way. Nothing that the wire does makes `poll` raise.
    """

    def __init__(
        self,
        name: str,
        devices: Sequence[StuderDevice],
        asker: StuderAsker,
        clock: Clock,
        on_reading: Callable[[Reading], None],
        on_event: Callable[[str, EventData], None],
        memory: Memory | None = None,
    ) -> None:
        now_s = clock.monotonic_s()
        memory = memory or Memory()
        self._asker = asker
        self._many = asker if isinstance(asker, ManyAsker) else None
        self._messages = asker if isinstance(asker, MessageSource) else None
        self._clock = clock
        self._on_reading = on_reading
        self._link_channel = f"{name}.link"
        self._devices = by_address(devices)
        self._plan = PollPlan(now_s)
        for device in devices:
            device.plan(self._plan)
        self._known: set[Question] = set()
        self._watch = Watch(name, now_s, on_event)
        self._watches = {device.address: Watch(device.name, now_s, on_event) for device in devices}
        self._discovery = Discovery(devices, memory, on_event)
        self._history = History(memory, {device.address: device.name for device in devices}, on_event)
        self._rest_until_s = self._look_at_s = now_s
        self._rest_s = FIRST_REST_S
        self._trouble = "no answer"

    def next_due_s(self) -> float:
        """When there is something to do, in monotonic seconds."""
        return min(max(self._plan.next_due_s(), self._rest_until_s), self._look_at_s)

    async def poll(self) -> None:
        """Ask what is due, for `BUDGET_S` at most but for a last answer that is waited for."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._rest_until_s:
            try:
                await self._round(now_s + BUDGET_S)
            except (StuderSilent, PortLost) as error:
                self._failed(Link.SILENT, str(error))
            except StuderRefused as error:
                self._failed(Link.BUSY, str(error))
        self._look()

    def hear_message(self, stored: StoredMessage) -> None:
        """A device sent a message unasked, as they do over Xcom-CAN."""
        self._history.tell(stored)

    async def _round(self, ends_s: float) -> None:
        answered = False
        due: list[Question] = []
        while (now_s := self._clock.monotonic_s()) < ends_s and (due := due or self._plan.due(now_s)):
            due = await self._ask_some(due)
            answered = True
        if answered:
            self._rest_s = FIRST_REST_S
            self._on_reading(Reading(self._link_channel, self._clock.monotonic_s(), Link.ANSWERING))
            await self._aside()

    async def _aside(self) -> None:
        """What there is time for after the values: the messages, and one address to look at."""
        if self._messages is not None and self._messages.message_pending:
            await self._history.tell_news(self._messages)
        answering = [address for address, watch in self._watches.items() if watch.answered_s is not None]
        try:
            await self._discovery.step(self._asker, answering)
        except StuderSilent as error:
            _log.info("looking for devices: %s", error)

    async def _ask_some(self, due: list[Question]) -> list[Question]:
        """Ask together what is known to be answered, or else one question alone, to learn whether it is.

        Returns what of `due` is to be asked next; after a question alone that is to be seen anew.
        """
        unsure = next((question for question in due if question not in self._known), None)
        if unsure is not None:
            await self._ask_alone(unsure)
        elif self._many is not None:
            await self._ask_together(self._many, due[:_TOGETHER])
            return due[_TOGETHER:]
        else:
            await self._ask_alone(due[0])
        return []

    async def _ask_together(self, asker: ManyAsker, questions: list[Question]) -> None:
        answers = await asker.read_many(questions)
        telling = {
            question.address for question in questions if not math.isnan(answers.get(question, math.nan))
        }
        now_s, wall_s = self._answered(telling)
        for question in questions:
            if question in answers and question.address in telling:
                self._take(question, answers[question], now_s, wall_s)
            else:
                # Refused, or of a device that told nothing at all: a question of its own shows why.
                self._known.discard(question)

    async def _ask_alone(self, question: Question) -> None:
        try:
            answer = await self._asker.read_info(*question)
        except UnknownObject:
            self._plan.drop(question)
        except StuderRefused as refusal:
            self._refused(question, refusal)
        else:
            self._known.add(question)
            self._take(question, answer, *self._answered({question.address}))

    def _refused(self, question: Question, refusal: StuderRefused) -> None:
        if refusal.error is ScomError.GATEWAY_BUSY:
            raise refusal
        now_s = self._heard()
        if refusal.error in _UNKNOWN:
            _log.info("device %d: info %d: %s; asked no more", *question, refusal)
            self._plan.drop(question)
            return
        if refusal.error in _UNREACHABLE:
            self._plan.away(question.address, now_s + AWAY_S)
        self._plan.asked(question, now_s, self._clock.wall_s())

    def _answered(self, addresses: Collection[int]) -> tuple[float, float]:
        """These devices answered, and the gateway with them; when that is, monotonic and Unix time."""
        now_s = self._heard() if addresses else self._clock.monotonic_s()
        for address in addresses:
            self._watches[address].answered(now_s)
        return now_s, self._clock.wall_s()

    def _take(self, question: Question, answer: float, now_s: float, wall_s: float) -> None:
        self._plan.asked(question, now_s, wall_s)
        readings, held = self._devices[question.address].take(question.nr, answer, now_s)
        if held:
            self._plan.again([question], now_s)
        for reading in readings:
            self._on_reading(reading)

    def _heard(self) -> float:
        """The gateway answered, now; after a pause its devices have their time to answer anew."""
        now_s = self._clock.monotonic_s()
        if self._watch.answered_s is None or now_s - self._watch.answered_s > _LOOK_EVERY_S:
            for watch in self._watches.values():
                watch.excused(now_s)
        self._watch.answered(now_s)
        return now_s

    def _failed(self, link: Link, reason: str) -> None:
        now_s = self._clock.monotonic_s()
        self._trouble = reason
        self._rest_until_s = now_s + self._rest_s
        self._rest_s = min(LAST_REST_S, self._rest_s * 2)
        self._on_reading(Reading(self._link_channel, now_s, link))

    def _look(self) -> None:
        """Who has not answered for too long? While the gateway does not, its devices cannot."""
        now_s = self._clock.monotonic_s()
        self._look_at_s = now_s + _LOOK_EVERY_S
        self._watch.look(now_s, self._trouble)
        heard_s = self._watch.answered_s
        if heard_s is not None and now_s - heard_s <= _LOOK_EVERY_S:
            for watch in self._watches.values():
                watch.look(now_s, "the gateway answers, the device does not")
