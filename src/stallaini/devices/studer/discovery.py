"""Who is behind a gateway: which addresses answer, of which type, software and serial number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable

from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.studer.asker import StuderAsker, StuderRefused
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import joined_words, software_version
from stallaini.devices.studer.memory import Memory
from stallaini.devices.studer.objects import UnknownObject
from stallaini.devices.studer.polling import Identity, load_polling

FOUND = "studer.found"
_ADDRESSES = {
    "studer_xtender": range(101, 110),
    "studer_variotrack": range(301, 316),
    "studer_bms": range(601, 602),
    "studer_variostring": range(701, 716),
}


class Discovery:
    """Looks at one address at a time: the site file's devices once they answer, and every other one once.

    A device found is told as an event, and again only when another one, or other software, is found there.
    """

    def __init__(
        self, devices: Iterable[StuderDevice], memory: Memory, on_event: Callable[[str, EventData], None]
    ) -> None:
        self._memory = memory
        self._on_event = on_event
        self._names = {device.address: device.name for device in devices}
        every = {address: kind for kind, addresses in _ADDRESSES.items() for address in addresses}
        self._own = {address: every[address] for address in self._names}
        self._others = deque((address, kind) for address, kind in every.items() if address not in self._own)

    async def step(self, asker: StuderAsker, answering: Collection[int]) -> None:
        """Look at the next address; `answering` are those of the site file's devices that answer.

        Raises StuderSilent, PortLost, and StuderRefused while the gateway is busy.
        """
        address = next((own for own in self._own if own in answering), None)
        if address is not None:
            kind = self._own[address]
            self._tell(address, kind, await _identify(asker, address, load_polling(kind).identity))
            del self._own[address]
        elif self._others:
            self._others.rotate(-1)
            address, kind = self._others[-1]
            await self._probe(asker, address, kind)
            self._others.pop()

    async def _probe(self, asker: StuderAsker, address: int, kind: str) -> None:
        identity = load_polling(kind).identity
        try:
            await asker.read_info(address, identity.probe)
        except StuderRefused as refusal:
            if refusal.error is ScomError.GATEWAY_BUSY:
                raise
        else:
            self._tell(address, kind, await _identify(asker, address, identity))

    def _tell(self, address: int, kind: str, found: dict[str, str | None]) -> None:
        if self._memory.found(address, " ".join(str(value) for value in found.values())):
            name = self._names.get(address)
            data: EventData = {"device": name, "address": address, "kind": kind, **found}
            if name is None:
                data["advice"] = "not in the site file"
            self._on_event(FOUND, data)


async def _identify(asker: StuderAsker, address: int, identity: Identity) -> dict[str, str | None]:
    """Type, software version and serial number in words; None where the device does not tell."""
    type_nr = None if identity.type is None else await _ask(asker, address, identity.type)
    kind = None if type_nr is None else (identity.types or {}).get(int(type_nr), f"{type_nr:g}")
    software, serial = None, None
    if identity.software is not None:
        words = [await _ask(asker, address, nr) for nr in identity.software]
        software = _joined(words, lambda msb, lsb: ".".join(map(str, software_version(msb, lsb))))
    if identity.serial is not None:
        words = [await _ask(asker, address, nr) for nr in identity.serial]
        serial = _joined(words, lambda msb, lsb: f"{joined_words(msb, lsb):08X}")
    return {"type": kind, "software": software, "serial": serial}


async def _ask(asker: StuderAsker, address: int, nr: int) -> float | None:
    try:
        answer = await asker.read_info(address, nr)
    except UnknownObject:
        return None
    except StuderRefused as refusal:
        if refusal.error is ScomError.GATEWAY_BUSY:
            raise
        return None
    return answer if answer == answer else None


def _joined(words: list[float | None], join: Callable[[float, float], str]) -> str | None:
    msb, lsb = words
    if msb is None or lsb is None:
        return None
    try:
        return join(msb, lsb)
    except ValueError:
        return None
