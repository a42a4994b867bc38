"""One Studer device of the site file: answers in, readings out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from stallaini.devices.studer.belief import Belief, Verdict
from stallaini.devices.studer.objects import info_at
from stallaini.devices.studer.plan import PollPlan, Question
from stallaini.devices.studer.polling import Poll, load_polling
from stallaini.site.kinds import Value
from stallaini.site.reading import Reading

KINDS = ("studer_xtender", "studer_variotrack", "studer_variostring", "studer_bms")
_REVERSED = "reversed"


class StuderDevice:
    """A device behind a gateway, of one of `KINDS`. Its channels are named `<name>.<field>`."""

    def __init__(self, name: str, kind: str, settings: Mapping[str, Value]) -> None:
        self.name = name
        self.kind = kind
        self.address = int(settings["address"])
        self.polling = load_polling(kind)
        self.counters: Counter[str] = Counter()
        """held.<field>, rejected.<field>."""
        self._uses: dict[int, list[_Use]] = {}
        for poll in self.polling.polls:
            factor = -poll.scale if settings.get(poll.sign) == _REVERSED else poll.scale
            options = frozenset(info_at(self.address, poll.nr).options)
            use = _Use(poll, f"{name}.{poll.field}", factor, options)
            self._uses.setdefault(poll.nr, []).append(use)

    def plan(self, plan: PollPlan) -> None:
        """Add what it is to be asked."""
        for poll in self.polling.polls:
            plan.add(Question(self.address, poll.nr), poll.every_s)

    def take(self, nr: int, answer: float, now_s: float) -> tuple[list[Reading], bool]:
        """The readings that the answer to info `nr` holds, and whether it waits to be confirmed."""
        readings: list[Reading] = []
        held = False
        for use in self._uses.get(nr, ()):
            verdict, value = use.judge(answer)
            if verdict is Verdict.BELIEVED:
                readings.append(Reading(use.channel, now_s, value, use.poll.aggregate))
            else:
                self.counters[f"{verdict.value}.{use.poll.field}"] += 1
                held = held or verdict is Verdict.HELD
        return readings, held


class _Use:
    """One field that an info feeds. `options` are the numbers that the maker's table knows of it."""

    def __init__(self, poll: Poll, channel: str, factor: float, options: frozenset[int]) -> None:
        self.poll = poll
        self.channel = channel
        self._factor = factor
        self._options = options
        self._belief = Belief(poll)

    def judge(self, answer: float) -> tuple[Verdict, float | bool | None]:
        """Whether the value is believed, and the value; None where the device does not report one."""
        if math.isnan(answer) or answer > self.poll.absent_above:
            return Verdict.BELIEVED, None
        if self.poll.one_of:
            # A number that nobody knows is neither yes nor no.
            known = answer in self._options
            return Verdict.BELIEVED if known else Verdict.REJECTED, answer in self.poll.one_of
        value = answer * self._factor
        return self._belief.judge(value), value


def by_address(devices: Iterable[StuderDevice]) -> dict[int, StuderDevice]:
    """The devices by their addresses, which are all different."""
    return {device.address: device for device in devices}
