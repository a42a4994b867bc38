"""The one way to a Studer device's parameters: what is on the list, in RAM, for a time, confirmed."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.devices.studer.allow import RESERVED_WRITES, AllowList, Permission, Policy, allow_list
from stallaini.devices.studer.asker import StuderAsker, StuderRefused
from stallaini.devices.studer.hand import SILENT, Hand
from stallaini.devices.studer.intents import (
    Done,
    Intent,
    NotConfirmed,
    Noticed,
    Refused,
    Result,
    SecondStepNeeded,
    SiteLimits,
)
from stallaini.devices.studer.judge import fitting_value, has_range, permitted, software_fits
from stallaini.devices.studer.ledger import Held, Ledger
from stallaini.devices.studer.overseer import Overseer

SECOND_STEP_S = 120.0


class _Ticket(NamedTuple):
    intent: Intent
    until_s: float


class StuderWriter:
    """Writes and watches over the parameters behind one gateway; `look` is to be called every minute.

    Intents in the ledger are taken over: one whose end cannot be judged, because the clock is not known to
    be right, has ended.
    """

    def __init__(self, asker: StuderAsker, clock: Clock, ledger: Ledger, limits: SiteLimits) -> None:
        self._clock = clock
        self._ledger = ledger
        self._limits = limits
        self._allow: AllowList = allow_list()
        self._hand = Hand(asker, clock, ledger, limits)
        self._overseer = Overseer(self._hand, clock, ledger, self._allow)
        self._turn = asyncio.Lock()
        self._tickets: dict[str, _Ticket] = {}
        self._numbers = itertools.count(1)

    async def assert_(self, intent: Intent) -> Result:
        """Bring an intent into effect, or say why not. Never raises for what a gateway may do."""
        async with self._turn:
            permission = permitted(intent, self._allow, self._limits)
            if isinstance(permission, Refused):
                return permission
            if not intent.by_person and self._overseer.overruled(intent.address, intent.nr):
                return _overruled(intent)
            try:
                value = await self._value(permission, intent)
                if isinstance(value, Refused):
                    return value
                if permission.policy is Policy.TWO_STEP and not self._second_step(intent):
                    return self._first_step(intent)
                return await self._bring(permission, replace(intent, value=value))
            except StuderRefused as error:
                return Refused(f"the device does not tell what must be known first: {error}")
            except SILENT as error:
                return Refused(f"the gateway is silent: {error or 'no answer'}")
            except OSError as error:
                return Refused(f"what was written could not be remembered, so nothing is: {error}")

    async def look(self) -> list[Noticed]:
        """Compare every intent with what the devices tell, and end those whose time is over."""
        async with self._turn:
            return await self._overseer.look()

    async def _value(self, permission: Permission, intent: Intent) -> float | Refused:
        """The value to write, once the device is known to take it to RAM."""
        needed = self._allow.software[permission.family]
        refused = software_fits(await self._hand.software(intent.address, needed), needed.least)
        if refused is not None:
            return refused
        ranged = has_range(permission)
        device = await self._hand.device_range(intent.address, intent.nr) if ranged else None
        return fitting_value(permission, intent.value, device, self._limits)

    async def _bring(self, permission: Permission, intent: Intent) -> Result:
        address, value = intent.address, intent.value
        before = self._ledger.find(address, intent.nr)
        now = await self._hand.in_effect(permission, address, value)
        lasting = before is not None and self._overseer.lasts(before)
        flash = await self._hand.flash(address, intent.nr) if permission.restores else None
        if before is not None and flash is not None and flash != before.flash and lasting:
            self._overseer.overrule(before, flash)
            if not intent.by_person:
                return _overruled(intent)
            before, lasting = None, False
        until_wall_s = self._clock.wall_s() + intent.lasts_s
        held = Held(address, intent.nr, value, intent.issuer, until_wall_s, flash)
        same = lasting and before is not None and before.value == value
        # Remembered before it is written: whatever happens then, it will be ended.
        self._ledger.hold(held)
        if now or (now is None and same):
            result: Done | NotConfirmed | Refused = Done(value, written=False, confirmed=bool(now))
        else:
            result = await self._hand.write(permission, address, value, RESERVED_WRITES)
        if not isinstance(result, Refused):
            self._overseer.expect(held, intent.lasts_s)
            self._overseer.displace_opposites(permission, held)
        elif before is not None:
            self._ledger.hold(before)
        else:
            self._ledger.drop(address, intent.nr)
        return result

    def _first_step(self, intent: Intent) -> SecondStepNeeded:
        ticket = f"{next(self._numbers)}-{intent.nr}-{intent.value:g}"
        # One ticket at a time: a new question withdraws the old one.
        self._tickets = {
            ticket: _Ticket(replace(intent, ticket=None), self._clock.monotonic_s() + SECOND_STEP_S)
        }
        return SecondStepNeeded(ticket, SECOND_STEP_S)

    def _second_step(self, intent: Intent) -> bool:
        """Whether a ticket confirms just this; it is spent by that."""
        ticket = self._tickets.pop(intent.ticket, None) if intent.ticket is not None else None
        if ticket is None or self._clock.monotonic_s() > ticket.until_s:
            return False
        return ticket.intent == replace(intent, ticket=None)


def _overruled(intent: Intent) -> Refused:
    return Refused(
        f"a person set {intent.nr} at the remote control while it was wanted otherwise; it stays so"
    )
