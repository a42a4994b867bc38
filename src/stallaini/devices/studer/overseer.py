"""What happens to intents after they were asserted: compared every minute, ended in time."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

from stallaini.clock import Clock
from stallaini.devices.studer.allow import RESERVED_WRITES, AllowList, Permission, Policy, single_device
from stallaini.devices.studer.asker import StuderRefused
from stallaini.devices.studer.hand import SILENT, Hand
from stallaini.devices.studer.intents import Done, Noticed, Refused, SiteLimits
from stallaini.devices.studer.judge import fitting_value
from stallaini.devices.studer.ledger import Held, Ledger

_Place = tuple[int, int]


class Overseer:
    """Watches over the ledger's intents. Each state is told once, when it begins."""

    def __init__(self, hand: Hand, clock: Clock, ledger: Ledger, allow: AllowList) -> None:
        self._hand = hand
        self._clock = clock
        self._ledger = ledger
        self._allow = allow
        self._until_s: dict[_Place, float] = {}
        self._told: dict[_Place, str] = {}
        self._overruled_until_s: dict[_Place, float] = {}
        self._pending: list[Noticed] = []
        for held in ledger.held():
            if not self._still_allowed(held):
                ledger.drop(held.address, held.nr)
                continue
            # Without the right time nobody knows whether it has ended: then it has.
            left_s = held.until_wall_s - clock.wall_s() if clock.synchronized() else 0.0
            self.expect(held, left_s)

    def expect(self, held: Held, lasts_s: float) -> None:
        """Look after an intent for so long."""
        self._until_s[_place(held)] = self._clock.monotonic_s() + lasts_s
        self._told.pop(_place(held), None)

    def lasts(self, held: Held) -> bool:
        """Whether its end is still to come; an intent that nobody was told to look after has ended."""
        return self._clock.monotonic_s() < self._until_s.get(_place(held), -math.inf)

    def overruled(self, address: int, nr: int) -> bool:
        """Whether a person's hand on the remote control still counts: as long as what it ended would have."""
        return self._clock.monotonic_s() < self._overruled_until_s.get((address, nr), -math.inf)

    def overrule(self, held: Held, flash: float) -> None:
        """Give an intent up to the person who set `flash`; told with the next look."""
        self._overruled_until_s[_place(held)] = self._until_s[_place(held)]
        self._forget(held)
        self._pending.append(_noticed(held, "overruled", f"a person set {flash:g} at the remote control"))

    def displace_opposites(self, permission: Permission, held: Held) -> None:
        """Of two signals that switch the same thing the later one counts: the earlier has nothing to end."""
        if not permission.object.is_signal:
            return
        infos = {check.info for check in permission.checks}
        for other in self._ledger.held():
            known = self._permission(other)
            opposite = known.object.is_signal and other.nr != held.nr and other.address == held.address
            if opposite and infos & {check.info for check in known.checks}:
                self._forget(other)

    async def look(self) -> list[Noticed]:
        """What is new about every intent."""
        noticed = []
        for held in self._ledger.held():
            try:
                noticed += [each async for each in self._look_at(held)]
            except SILENT as error:
                noticed += self._once(held, "unseen", f"the gateway is silent: {error or 'no answer'}")
            except StuderRefused as error:
                noticed += self._once(held, "unseen", f"the device does not tell: {error}")
            except OSError as error:
                noticed += self._once(held, "unseen", f"what is held cannot be kept on disk: {error}")
        noticed += self._pending
        self._pending = []
        return noticed

    async def _look_at(self, held: Held) -> AsyncIterator[Noticed]:
        permission = self._permission(held)
        if not self.lasts(held):
            async for noticed in self._end(permission, held):
                yield noticed
            return
        if await self._hand.in_effect(permission, held.address, held.value) is not False:
            if self._told.pop(_place(held), None) is not None:
                yield _noticed(held, "back")
            return
        async for noticed in self._mismatch(permission, held):
            yield noticed

    async def _end(self, permission: Permission, held: Held) -> AsyncIterator[Noticed]:
        """The time is over: put back what the device does by itself, where the list says so."""
        if permission.lapse_nr is not None:
            target, value = self._allow.permissions[permission.family, permission.lapse_nr], 1.0
        elif permission.restores:
            target, value = permission, await self._hand.flash(held.address, held.nr)
        else:
            self._forget(held)
            yield _noticed(held, "lapsed")
            return
        if not await self._hand.in_effect(target, held.address, value):
            result = await self._hand.write(target, held.address, value, keep=0)
            if not isinstance(result, Done):
                for noticed in self._once(held, "not_restored", f"{target.nr} = {value:g}: {result.why}"):
                    yield noticed
                return
        self._forget(held)
        yield _noticed(held, "restored", f"{target.nr} = {value:g}")

    async def _mismatch(self, permission: Permission, held: Held) -> AsyncIterator[Noticed]:
        """Not in effect any more: a restart of the device, a person at the remote control, or neither."""
        if not permission.restores:
            for noticed in self._once(held, "mismatch", "a restart of the device, or a person"):
                yield noticed
            return
        flash = await self._hand.flash(held.address, held.nr)
        if flash != held.flash:
            # Only a person writes to flash. It is their house: the intent gives way.
            self.overrule(held, flash)
            return
        restarted = await self._hand.in_effect(permission, held.address, flash)
        if not (restarted and permission.reasserts):
            why = "a restart of the device" if restarted else "neither this value nor that of flash"
            for noticed in self._once(held, "mismatch", why):
                yield noticed
            return
        result = await self._hand.write(permission, held.address, held.value, RESERVED_WRITES)
        if isinstance(result, Done):
            self._told.pop(_place(held), None)
            yield _noticed(held, "reasserted", "after a restart of the device")
            return
        for noticed in self._once(held, "not_reasserted", result.why):
            yield noticed

    def _once(self, held: Held, kind: str, why: str) -> list[Noticed]:
        if self._told.get(_place(held)) == kind:
            return []
        self._told[_place(held)] = kind
        return [_noticed(held, kind, why)]

    def _forget(self, held: Held) -> None:
        self._ledger.drop(held.address, held.nr)
        self._until_s.pop(_place(held), None)
        self._told.pop(_place(held), None)

    def _permission(self, held: Held) -> Permission:
        family = single_device(held.address)
        assert family is not None  # only what is still allowed is held
        return self._allow.permissions[family, held.nr]

    def _still_allowed(self, held: Held) -> bool:
        """A file may be of an older program with a longer list."""
        family = single_device(held.address)
        permission = None if family is None else self._allow.permissions.get((family, held.nr))
        if permission is None or permission.policy is Policy.SET_ONCE:
            return False
        return not isinstance(fitting_value(permission, held.value, None, SiteLimits()), Refused)


def _place(held: Held) -> _Place:
    return held.address, held.nr


def _noticed(held: Held, kind: str, why: str = "") -> Noticed:
    return Noticed(kind, held.address, held.nr, held.value, why)
