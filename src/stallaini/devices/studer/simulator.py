"""The other ends of both wires, without I/O: a SCOM gateway and an Xcom-CAN with the devices behind them.

Not modelled: levels (property 8), the screen, datalog files; delays, other than by keeping answers back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from stallaini.devices.studer import can_public, multi_info
from stallaini.devices.studer.asker import Part
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import decode_number, encode_value
from stallaini.devices.studer.frame import Flag, Frame, FrameReader, encode_frame
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import (
    GROUPS,
    Family,
    Kind,
    UnknownObject,
    all_objects,
    family_of,
    info_at,
    parameter_at,
)
from stallaini.devices.studer.plant import MemoryPlant, Plant, members, write_checked
from stallaini.devices.studer.service import (
    GATEWAY,
    ObjectType,
    Property,
    Request,
    decode_request,
    encode_answer,
    encode_message,
    encode_refusal,
)

__all__ = ["CanNode", "Faults", "MemoryPlant", "Plant", "ScomGateway"]

_READ, _WRITE = 1, 2
_RESERVED_FLAGS = 0xC0
_STANDING_FLAGS = int(_RESERVED_FLAGS | Flag.SD_PRESENT | Flag.DATALOGGER_SUPPORTED)
_CLEAR_RESTART = 5104
_PARTS = {
    Property.VALUE: Part.VALUE,
    Property.UNSAVED: Part.VALUE,
    Property.MIN: Part.MIN,
    Property.MAX: Part.MAX,
}
_INFO_PROPERTIES = (Property.INFO, Property.UNSAVED)  # a real VarioString answers the second too


class _Refusal(Exception):
    def __init__(self, error: ScomError) -> None:
        super().__init__(error.text)
        self.error = error


@dataclass
class Faults:
    """What goes wrong at the gateway's end; change it at any time.

    `busy_until_s` is of the gateway's own clock. `late` answers are kept back, and come before the next one.
    """

    busy_until_s: float = 0.0
    mute: bool = False
    before: bytes = b""
    after: bytes = b""
    late: int = 0


class ScomGateway:
    """Xcom-232i or Xcom-LAN: bytes in, bytes out. `unix_s` is its clock; without one it stands still."""

    def __init__(
        self,
        plant: Plant,
        unix_s: Callable[[], float] = lambda: 0.0,
        *,
        multi_info: bool = True,
        guid: bytes = bytes(range(16)),
    ) -> None:
        self.faults = Faults()
        self.restarted = False
        """Told in the flags of every answer until somebody writes 5104."""
        self.answered = 0
        """Requests answered so far, refusals included."""
        self._plant = plant
        self._unix_s = unix_s
        self._multi_info = multi_info
        self._guid = guid
        self._reader = FrameReader()
        self._kept_back = b""
        self._newest_read: StoredMessage | None = None
        self._frozen: tuple[StoredMessage, ...] = ()

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they come; the answers to the requests they complete."""
        return b"".join(self._answer(frame) for frame in self._reader.feed(data))

    def release(self) -> bytes:
        """The answers that were kept back."""
        kept_back, self._kept_back = self._kept_back, b""
        return kept_back

    def _answer(self, frame: Frame) -> bytes:
        try:
            request = decode_request(frame.data)
        except ValueError:
            return b""
        if self.faults.mute:
            return b""
        try:
            data = encode_answer(request, self._serve(frame.dst, request))
        except _Refusal as refusal:
            data = encode_refusal(request, refusal.error)
        self.answered += 1
        answer = encode_frame(Frame(self._flags(), frame.dst, frame.src, data))
        answer = self.faults.before + answer + self.faults.after
        if self.faults.late > 0:
            self.faults.late -= 1
            self._kept_back += answer
            return b""
        return self.release() + answer

    def _flags(self) -> int:
        stored = self._plant.messages()
        pending = bool(stored) and stored[0] != self._newest_read
        news = pending * Flag.MESSAGE_PENDING.value + self.restarted * Flag.RESTARTED.value
        return _STANDING_FLAGS | news

    def _serve(self, address: int, request: Request) -> bytes:
        if self.faults.busy_until_s > self._unix_s():
            raise _Refusal(ScomError.GATEWAY_BUSY)
        if request.service_id not in (_READ, _WRITE):
            raise _Refusal(ScomError.SERVICE_NOT_SUPPORTED)
        if request.object_type not in (ObjectType.INFO, ObjectType.PARAMETER):
            return self._serve_own(address, request)
        if request.service_id == _READ and address in GROUPS:
            raise _Refusal(ScomError.MULTICAST_READ_NOT_SUPPORTED)
        devices = members(self._plant, address)
        if not devices:
            raise _Refusal(ScomError.DEVICE_NOT_FOUND)
        if request.service_id == _READ:
            return self._read(devices[0], request)
        for device in devices:
            self._write(device, request)
        return b""

    def _read(self, address: int, request: Request) -> bytes:
        if request.data:
            raise _Refusal(ScomError.INVALID_DATA_LENGTH)
        nr = request.object_id
        try:
            if request.object_type == ObjectType.INFO:
                if request.property_id not in _INFO_PROPERTIES:
                    raise _Refusal(ScomError.PROPERTY_NOT_SUPPORTED)
                format, value = info_at(address, nr).format, self._plant.info(address, nr)
            else:
                part = _PARTS.get(Property(request.property_id)) if _is_property(request) else None
                if part is None:
                    raise _Refusal(ScomError.PROPERTY_NOT_SUPPORTED)
                format, value = parameter_at(address, nr).format, self._plant.parameter(address, nr, part)
        except UnknownObject:
            value = None
        if value is None:
            raise _Refusal(ScomError.OBJECT_ID_NOT_FOUND)
        try:
            return encode_value(format, value)
        except ValueError:
            raise _Refusal(ScomError.READ_PROPERTY_FAILED) from None

    def _write(self, address: int, request: Request) -> None:
        if request.object_type != ObjectType.PARAMETER:
            raise _Refusal(ScomError.PROPERTY_IS_READ_ONLY)
        if request.property_id not in (Property.VALUE, Property.UNSAVED):
            known = _is_property(request)
            raise _Refusal(ScomError.PROPERTY_IS_READ_ONLY if known else ScomError.PROPERTY_NOT_SUPPORTED)
        nr = request.object_id
        try:
            value = decode_number(parameter_at(address, nr).format, request.data)
        except UnknownObject:
            raise _Refusal(ScomError.OBJECT_ID_NOT_FOUND) from None
        except ValueError:
            raise _Refusal(ScomError.INVALID_DATA_LENGTH) from None
        error = write_checked(self._plant, address, nr, value, request.property_id == Property.VALUE)
        if error is not None:
            raise _Refusal(error)
        if nr == _CLEAR_RESTART:
            self.restarted = False

    def _serve_own(self, address: int, request: Request) -> bytes:
        """What the gateway itself knows: messages, its GUID, many infos at once."""
        own = (ObjectType.MESSAGE, ObjectType.GUID, *((ObjectType.MULTI_INFO,) if self._multi_info else ()))
        if request.object_type not in own:
            raise _Refusal(ScomError.TYPE_NOT_SUPPORTED)
        if address != GATEWAY:
            raise _Refusal(ScomError.OBJECT_NOT_SUPPORTED)
        if request.service_id == _WRITE:
            raise _Refusal(ScomError.PROPERTY_IS_READ_ONLY)
        if request.object_type == ObjectType.GUID:
            return self._guid
        return self._message(request) if request.object_type == ObjectType.MESSAGE else self._many(request)

    def _message(self, request: Request) -> bytes:
        if request.object_id == 0:
            self._frozen = tuple(self._plant.messages())
            self._newest_read = self._frozen[0] if self._frozen else None
        if request.object_id >= len(self._frozen):
            raise _Refusal(ScomError.OBJECT_ID_NOT_FOUND)
        return encode_message(len(self._frozen), self._frozen[request.object_id])

    def _many(self, request: Request) -> bytes:
        try:
            entries = multi_info.decode_entries(request.data)
        except ValueError:
            raise _Refusal(ScomError.INVALID_DATA_LENGTH) from None
        families = {family_of(address) for address in self._plant.addresses}
        addresses = tuple(self._plant.addresses)
        values = [(entry, self._entry(entry, _units(entry, addresses))) for entry in entries]
        return multi_info.encode_values(families, int(self._unix_s()), values)

    def _entry(self, entry: multi_info.Entry, units: list[int]) -> float:
        """One value of `units`; NaN where there is none."""
        values = [value for unit in units if (value := self._plant.info(unit, entry.nr)) is not None]
        if not values:
            return math.nan
        if entry.unit in (multi_info.MEAN, multi_info.SUM):
            total = math.fsum(values)
            return total if entry.unit == multi_info.SUM else total / len(values)
        return values[0]


_CAN_PARTS = {
    can_public.CanPart.FLASH: Part.VALUE,
    can_public.CanPart.RAM: Part.VALUE,
    can_public.CanPart.MIN: Part.MIN,
    can_public.CanPart.MAX: Part.MAX,
}


class CanNode:
    """Xcom-CAN in the public protocol's tolerant mode: extended frames in and out, foreign ones ignored."""

    def __init__(self, plant: Plant) -> None:
        self.busy = False
        self.mute = False
        self._plant = plant

    def answer(self, can_id: int, data: bytes) -> list[tuple[int, bytes]]:
        """The frames, one or none, that answer an extended frame."""
        try:
            request = can_public.decode_request(can_id, data)
            family_of(request.device)
        except (ValueError, UnknownObject):
            return []
        if self.mute:
            return []
        try:
            return [can_public.encode_answer(request, self._serve(request))]
        except _Refusal as refusal:
            return [can_public.encode_refusal(request, refusal.error)]

    def message(self, stored: StoredMessage) -> tuple[int, bytes]:
        """The frame by which a device tells this message."""
        return can_public.encode_message(can_public.CanMessage(stored.address, stored.nr, stored.value))

    def _serve(self, request: can_public.CanRequest) -> float:
        if self.busy:
            raise _Refusal(ScomError.GATEWAY_BUSY)
        if request.value is None and request.device in GROUPS:
            raise _Refusal(ScomError.MULTICAST_READ_NOT_SUPPORTED)
        devices = members(self._plant, request.device)
        if not devices:
            raise _Refusal(ScomError.DEVICE_NOT_FOUND)
        if request.value is None:
            return self._read(devices[0], request)
        for device in devices:
            self._write(device, request, request.value)
        return request.value

    def _read(self, address: int, request: can_public.CanRequest) -> float:
        nr = request.object_id
        if request.part is None:
            value = self._plant.info(address, nr)
        else:
            value = self._plant.parameter(address, nr, _CAN_PARTS[_part(request.part)])
        if value is None:
            raise _Refusal(ScomError.OBJECT_ID_NOT_FOUND)
        return value

    def _write(self, address: int, request: can_public.CanRequest, value: float) -> None:
        part = _part(request.part)
        if part not in (can_public.CanPart.FLASH, can_public.CanPart.RAM):
            raise _Refusal(ScomError.PROPERTY_IS_READ_ONLY)
        try:
            encode_value(parameter_at(address, request.object_id).format, value)
        except UnknownObject:
            raise _Refusal(ScomError.OBJECT_ID_NOT_FOUND) from None
        except ValueError:
            raise _Refusal(ScomError.INVALID_DATA) from None
        error = write_checked(
            self._plant, address, request.object_id, value, part == can_public.CanPart.FLASH
        )
        if error is not None:
            raise _Refusal(error)


def _part(part: int | None) -> can_public.CanPart:
    if part is None or part not in can_public.CanPart._value2member_map_:
        raise _Refusal(ScomError.INVALID_SERVICE_ARGUMENT)
    return can_public.CanPart(part)


def _is_property(request: Request) -> bool:
    return request.property_id in Property._value2member_map_


@lru_cache(maxsize=4096)
def _units(entry: multi_info.Entry, addresses: tuple[int, ...]) -> list[int]:
    """Those of the devices at `addresses` that an entry asks. Raises _Refusal when nobody knows its info."""
    families = _info_families().get(entry.nr)
    if families is None:
        raise _Refusal(ScomError.OBJECT_ID_NOT_FOUND)
    units = sorted(a for a in addresses if family_of(a) in families and a not in GROUPS)
    if entry.unit in (multi_info.MASTER, multi_info.MEAN, multi_info.SUM):
        return units
    return [unit for unit in units if multi_info.unit_of(unit) == entry.unit]


@cache
def _info_families() -> dict[int, set[Family]]:
    families: dict[int, set[Family]] = {}
    for known in all_objects():
        if known.kind is Kind.INFO:
            families.setdefault(known.nr, set()).add(known.family)
    return families
