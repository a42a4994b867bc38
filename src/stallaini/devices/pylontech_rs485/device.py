"""The cells as a device, sans I/O: what to ask now, what an answer means, what happened meanwhile.

A stack is asked as a whole (INFO `FF`, the master speaks for all) as long as it takes that; one that refuses,
or that answers only module by module, is asked so. The master's address is 2 + 16 x group, the others follow.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.pylontech_rs485.decode import decode_answer
from stallaini.devices.pylontech_rs485.frame import Command, Frame, ReturnCode, encode_request
from stallaini.devices.pylontech_rs485.identity import Identity
from stallaini.devices.pylontech_rs485.readings import (
    alarm_readings,
    believable,
    module_readings,
    stack_readings,
)
from stallaini.devices.pylontech_rs485.roster import ROUNDS_BORNE, Roster
from stallaini.devices.pylontech_rs485.values import Alarms, AnalogValues, ModuleAlarms, ModuleValues
from stallaini.site.reading import Reading

MOST_MODULES = 8
LOST_AFTER_S = 30.0
SEARCH_AGAIN_S = 600.0

_MASTER, _GROUP = 2, 0xFF
_NEVER_S = float("-inf")
_NOISE = (ReturnCode.CHECKSUM, ReturnCode.LENGTH_CHECKSUM)
_WITHOUT_INFO = (Command.PARAMETERS, Command.MAKER, Command.PROTOCOL)


class Ask(NamedTuple):
    """One request: a command, the module's address, and whether it asks of the whole group."""

    command: Command
    address: int
    whole: bool = False

    def encode(self) -> bytes:
        """Its bytes on the wire."""
        if self.command in _WITHOUT_INFO:
            return encode_request(self.command, self.address)
        return encode_request(self.command, self.address, bytes([_GROUP if self.whole else self.address]))


class PylontechCells:
    """One stack. Channels are `<name>.<field>` and `<name>.module_<n>.<field>`, n from 1 to `modules`.

    Send what `next_ask` says, then `take` each frame that comes until one counts, or say `missed`. The
    stack's own channels are of all modules that answer, however many have channels of their own.
    """

    def __init__(self, name: str, group: int = 0, modules: int = MOST_MODULES, poll_s: float = 10.0) -> None:
        self.name = name
        self.counters: Counter[str] = Counter()
        """answers, refused, missed, strays (frames that answer something else), disbelieved."""
        self._described = modules
        self._poll_s = poll_s
        self._master = _MASTER + 0x10 * group
        self._roster = Roster()
        self._told_modules: frozenset[int] = frozenset()
        self._identity: Identity | None = None
        self._identity_told = False
        self._whole = {Command.ANALOG: True, Command.ALARMS: True}
        self._whole_missed: Counter[Command] = Counter()
        self._values: dict[int, ModuleValues] = {}
        self._alarms: dict[int, ModuleAlarms] = {}
        self._queue: deque[Ask] = deque()
        self._round_at_s = self._search_at_s = _NEVER_S
        self._heard_at_s: float | None = None
        self._is_lost = False
        self._is_open = False
        self._events: list[tuple[str, EventData]] = []

    def next_ask(self, now_s: float) -> Ask | None:
        """What to ask now; None while nothing is due."""
        if self._heard_at_s is None:
            self._heard_at_s = now_s
        if not self._queue:
            self._tell_identity()
            if now_s >= self._round_at_s:
                self._round_at_s = now_s + self._poll_s
                self._begin_round(now_s)
        return self._queue.popleft() if self._queue else None

    def wait_s(self, now_s: float) -> float:
        """Seconds until something is due."""
        return 0.0 if self._queue else max(0.0, self._round_at_s - now_s)

    def take(self, ask: Ask, frame: Frame, now_s: float) -> list[Reading] | None:
        """The readings in an answer to `ask`; None when `frame` is something else and the wait goes on."""
        if not frame.is_answer or frame.address != ask.address:
            self.counters["strays"] += 1  # our own request come back, or an answer that came too late
            return None
        if frame.code != ReturnCode.OK:
            self._refused(ask, frame.code)
            return []
        try:
            readings = self._understand(ask, frame, now_s)
        except ValueError:
            self.counters["strays"] += 1
            return None
        self.counters["answers"] += 1
        self._whole_missed[ask.command] = 0
        return readings

    def missed(self, ask: Ask) -> None:
        """No answer to `ask` came in time."""
        self.counters["missed"] += 1
        if not ask.whole:
            return
        self._whole_missed[ask.command] += 1
        if not self._roster.known:
            self._queue.append(Ask(ask.command, self._master))
        elif self._whole_missed[ask.command] >= ROUNDS_BORNE:
            self._whole[ask.command] = False

    def poll(self, now_s: float) -> list[tuple[str, EventData]]:
        """What happened since the last call, each as (kind, data) with `device`.

        `cells.open` (port) and `cells.lost` (reason), once per outage whether the port or the battery is
        gone; `cells.heard` (silent_s) when values come again; `cells.found` (modules, maker, model, software,
        serials); `cells.modules` (before, now) when modules come or go.
        """
        silent_s = 0.0 if self._heard_at_s is None else now_s - self._heard_at_s
        if silent_s >= LOST_AFTER_S:
            self._lose(f"no answer for {silent_s:.0f} s")
        events, self._events = self._events, []
        return events

    def port_opened(self, port: str, now_s: float) -> None:
        """The wire is there; what it says remains to be heard."""
        if not self._is_open:
            self._is_open = True
            self._tell("cells.open", port=port)
        if not self._is_lost:
            self._heard_at_s = now_s
        self._round_at_s = _NEVER_S

    def port_lost(self, reason: str) -> None:
        """The wire is gone."""
        self._queue.clear()
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        """Tell it once; what comes back may be another stack, so forget this one."""
        if self._is_lost:
            return
        self._is_lost, self._is_open = True, False
        self._roster.clear()
        self._told_modules = frozenset()
        self._identity, self._identity_told = None, False
        self._whole = dict.fromkeys(self._whole, True)
        self._tell("cells.lost", reason=reason)

    def _heard(self, now_s: float) -> None:
        if self._is_lost and self._heard_at_s is not None:
            self._is_lost, self._is_open = False, True
            self._tell("cells.heard", silent_s=round(now_s - self._heard_at_s))
        self._heard_at_s = now_s

    def _begin_round(self, now_s: float) -> None:
        self._roster.round_ended(self._values)
        self._values, self._alarms = {}, {}
        if not self._roster.known:
            self._queue.append(Ask(Command.ANALOG, self._master, whole=True))
            return
        self._compare_modules()
        for command, whole in self._whole.items():
            self._queue.extend(
                [Ask(command, self._master, whole=True)] if whole else self._each(command, self._roster.known)
            )
        if not self._whole[Command.ANALOG] and now_s >= self._search_at_s:
            self._search(now_s)
        if self._identity is None:
            self._identity = Identity()
            self._queue.extend(self._each(Command.SERIAL, self._roster.known))
            self._queue += Ask(Command.MAKER, self._master), Ask(Command.SOFTWARE, self._master)

    def _search(self, now_s: float) -> None:
        """Ask at every address that is not known to be a module's."""
        self._search_at_s = now_s + SEARCH_AGAIN_S
        unknown = set(range(1, MOST_MODULES + 1)) - self._roster.known
        self._queue.extend(self._each(Command.ANALOG, unknown))

    def _compare_modules(self) -> None:
        """Tell when other modules are there than in the round before, and ask anew who they are."""
        known, before = self._roster.known, self._told_modules
        if known != before:
            self._told_modules = known
            self._identity, self._identity_told = None, False
            if before:
                self._tell("cells.modules", before=len(before), now=len(known))

    def _each(self, command: Command, numbers: Iterable[int]) -> list[Ask]:
        return [Ask(command, self._master + number - 1) for number in sorted(numbers)]

    def _refused(self, ask: Ask, code: int) -> None:
        self.counters["refused"] += 1
        if ask.whole and code not in _NOISE:
            self._whole[ask.command] = False
            self._queue.append(Ask(ask.command, self._master))

    def _understand(self, ask: Ask, frame: Frame, now_s: float) -> list[Reading]:
        """The readings of an answer. Raises ValueError when it answers something else."""
        answered = decode_answer(ask.command, frame)
        if isinstance(answered, AnalogValues):
            values = dict(zip(self._numbers(ask, answered), answered.modules, strict=True))
            if not all(believable(module) for module in values.values()):
                self.counters["disbelieved"] += 1
                return []
            self._heard(now_s)
            return self._take_values(ask, values, now_s)
        self._heard(now_s)
        if isinstance(answered, Alarms):
            self._alarms |= dict(zip(self._numbers(ask, answered), answered.modules, strict=True))
            if not self._is_whole(self._alarms):
                return []
            return alarm_readings(self.name, self._alarms, self._described, now_s)
        if self._identity is not None:
            self._identity.take(ask.address - self._master + 1, answered)
        return []

    def _numbers(self, ask: Ask, answered: AnalogValues | Alarms) -> range:
        """The numbers of the modules that `answered` tells of."""
        count, first = len(answered.modules), ask.address - self._master + 1
        if answered.scope != (count if ask.whole else ask.address) or not (ask.whole or count == 1):
            raise ValueError("it is of other modules than were asked")
        return range(first, first + count)

    def _take_values(self, ask: Ask, values: dict[int, ModuleValues], now_s: float) -> list[Reading]:
        before = self._roster.known
        if ask.whole:
            self._roster.heard_all(values)
        else:
            self._roster.heard(ask.address - self._master + 1)
            if not before:  # it does not speak for the whole: the others are asked one by one
                self._whole = dict.fromkeys(self._whole, False)
                self._search(now_s)
        self._values |= values
        readings = [
            reading
            for number, module in values.items()
            if number <= self._described
            for reading in module_readings(self.name, number, module, now_s)
        ]
        if self._is_whole(self._values):
            readings += stack_readings(self.name, self._values, now_s)
        return readings

    def _is_whole(self, told: dict[int, ModuleValues] | dict[int, ModuleAlarms]) -> bool:
        """Whether every known module is among those told of: a sum over some of them would mislead."""
        return told.keys() >= self._roster.known

    def _tell_identity(self) -> None:
        if self._identity is not None and not self._identity_told:
            self._identity_told = True
            self._tell("cells.found", **self._identity.told(self._roster.known))

    def _tell(self, kind: str, **data: str | int | float | bool | None) -> None:
        self._events.append((kind, {"device": self.name, **data}))
