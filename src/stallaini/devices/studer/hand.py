"""The hand that writes: counts before it writes, confirms after it, and can reach nothing but the list."""

from __future__ import annotations

import math

from stallaini.clock import Clock
from stallaini.devices.studer.allow import Permission, Policy, Software, Version, single_device
from stallaini.devices.studer.asker import Part, PortLost, StuderAsker, StuderRefused, StuderSilent
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import software_version
from stallaini.devices.studer.intents import Done, NotConfirmed, Refused, SiteLimits
from stallaini.devices.studer.judge import Range
from stallaini.devices.studer.ledger import Ledger

CONFIRM_WITHIN_S = 5.0
_LOOK_EVERY_S = 1.0
_TRIES = 2
_NOT_OURS = frozenset(
    {ScomError.PROPERTY_IS_READ_ONLY, ScomError.WRITE_PROPERTY_FAILED, ScomError.ACCESS_DENIED}
)
SILENT = (StuderSilent, PortLost)


class Hand:
    """All that the writer asks of a gateway. What reads raises StuderRefused, StuderSilent, PortLost."""

    def __init__(self, asker: StuderAsker, clock: Clock, ledger: Ledger, limits: SiteLimits) -> None:
        self._asker = asker
        self._clock = clock
        self._ledger = ledger
        self._limits = limits
        self._software: dict[int, Version] = {}

    async def software(self, address: int, needed: Software) -> Version | None:
        """The device's software; None when neither it nor the site file tells."""
        if address not in self._software and needed.infos is not None:
            try:
                msb, lsb = [await self._asker.read_info(address, nr) for nr in needed.infos]
                self._software[address] = software_version(msb, lsb)
            except (StuderRefused, ValueError):
                pass  # a device that has no such infos, or NaN in them
        return self._software.get(address, self._limits.software.get(address))

    async def device_range(self, address: int, nr: int) -> Range:
        """The limits that the device has now; they depend on its other parameters."""
        low = await self._asker.read_parameter(address, nr, Part.MIN)
        return Range(low, await self._asker.read_parameter(address, nr, Part.MAX))

    async def flash(self, address: int, nr: int) -> float:
        """What a restart of the device would bring back."""
        value = await self._asker.read_parameter(address, nr, Part.VALUE)
        if not math.isfinite(value):
            raise StuderRefused(ScomError.READ_PROPERTY_FAILED)
        return value

    async def in_effect(self, permission: Permission, address: int, value: float) -> bool | None:
        """Whether every info that can tell agrees with `value`; None where none can."""
        if not permission.checks:
            return None
        for check in permission.checks:
            if not check.agrees(value, await self._asker.read_info(address, check.info)):
                return False
        return True

    async def write(
        self, permission: Permission, address: int, value: float, keep: int
    ) -> Done | NotConfirmed | Refused:
        """Write to RAM and see it confirmed; once more if it is not. Leaves `keep` of today's writes.

        A write without an answer may have been made: it counts as made.
        """
        known = single_device(address) is permission.family and permission.policy is not Policy.SET_ONCE
        if not known or not math.isfinite(value):
            return Refused(f"{permission.nr} = {value} cannot be written to {address}")
        why = "the gateway is silent"
        for number in range(_TRIES):
            refused = self._spend(permission, address, keep)
            if refused is not None:
                return refused if number == 0 else NotConfirmed(value, f"{why}, and {refused.why}")
            try:
                await self._asker.write_unsaved(address, permission.nr, value)
                if not permission.checks:
                    return Done(value, written=True, confirmed=False)
                if await self._confirmed(permission, address, value):
                    return Done(value, written=True, confirmed=True)
                infos = ", ".join(str(check.info) for check in permission.checks)
                why = f"info {infos} does not tell so {CONFIRM_WITHIN_S:.0f} s after it was written"
            except StuderRefused as error:
                return Refused(_refusal(permission, error.error))
            except SILENT:
                why = "the gateway is silent"
        return NotConfirmed(value, why)

    def _spend(self, permission: Permission, address: int, keep: int) -> Refused | None:
        """Count a write before it is made; None when it may be made."""
        nr = permission.nr
        if self._ledger.spent(address, nr) >= permission.writes - keep:
            return Refused(
                f"today's writes of {nr} are spent: {permission.writes} less {keep} kept to restore it"
            )
        try:
            self._ledger.spend(address, nr)
        except OSError as error:
            return Refused(f"writes cannot be counted, so none is made: {error}")
        return None

    async def _confirmed(self, permission: Permission, address: int, value: float) -> bool:
        deadline_s = self._clock.monotonic_s() + CONFIRM_WITHIN_S
        while True:
            try:
                if await self.in_effect(permission, address, value):
                    return True
            except StuderRefused:
                pass  # asked again until the time is over
            if self._clock.monotonic_s() >= deadline_s:
                return False
            await self._clock.sleep(_LOOK_EVERY_S)


def _refusal(permission: Permission, error: ScomError) -> str:
    owned = permission.policy is Policy.GUARDED and error in _NOT_OURS
    hint = "; a battery on the Xcom-CAN may own it" if owned else ""
    return f"the device refuses {permission.nr}: {error.text} ({error.value:#04x}){hint}"
