"""The promise: no write but to RAM, and none outside the list, whatever is asked of whatever part.

Bytes are taken apart here by hand, from the specification, not by the code that made them.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.support.studer_house import NOON_S, CanPort, HousePlant, SwiftClock
from tests.support.studer_port import InProcessPort

from stallaini.devices.studer.allow import Policy, allow_list
from stallaini.devices.studer.asker import Part, StuderAsker, StuderRefused, StuderSilent
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.exchange import Patience
from stallaini.devices.studer.intents import Intent, SecondStepNeeded, SiteLimits
from stallaini.devices.studer.ledger import Held, Ledger
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.objects import Family, UnknownObject
from stallaini.devices.studer.simulator import CanNode, ScomGateway
from stallaini.devices.studer.writer import StuderWriter

ADDRESSES = (0, 100, 101, 109, 191, 301, 500, 501, 600, 601, 701)
EVERY_ID = range(20_001)
VALUES = (0, 1, 2, 4, 8, -1, 0.5, 30, 1e9, -1e38, float("nan"), float("inf"))
WRITABLE = {
    (permission.family, permission.nr)
    for permission in allow_list().permissions.values()
    if permission.policy is not Policy.SET_ONCE
}
FAMILIES = {101: Family.XT, 301: Family.VT, 701: Family.VS, 601: Family.BMS, 501: Family.RCC}
EVERYTHING = SiteLimits(guarded=frozenset(WRITABLE), software=dict.fromkeys(ADDRESSES, (9, 9, 9)))


class Written:
    """One write as its bytes say: to which device, which object, which property or part."""

    def __init__(self, address: int, nr: int, where: int) -> None:
        self.address, self.nr, self.where = address, nr, where


class ScomEar:
    """Notes the bytes of every frame; they may also go to a gateway."""

    def __init__(self, port: InProcessPort) -> None:
        self._port = port
        self.frames: list[bytes] = []

    async def send(self, data: bytes) -> None:
        self.frames.append(data)
        await self._port.send(data)

    async def receive(self, timeout_s: float) -> bytes:
        return await self._port.receive(timeout_s)

    def written(self) -> Iterator[Written]:
        """Header of 14 bytes (destination at 6), then flags, service, type, id, property."""
        for frame in self.frames:
            assert frame[0] == 0xAA
            destination, length = struct.unpack_from("<IH", frame, 6)
            assert len(frame) == 14 + length + 2, "one frame, nothing beside it"
            flags, service, type_, nr, where = struct.unpack_from("<BBHIH", frame, 14)
            assert flags == 0
            assert service in (1, 2), "reads and writes are the only services there are"
            if service == 2:
                assert type_ == 2, "only parameters are written"
                yield Written(destination, nr, where)


class CanEar(CanPort):
    """Notes every frame; destination in bits 28..19 of the identifier, service in bits 8..6."""

    def written(self) -> Iterator[Written]:
        for can_id, data in self.sent:
            service = can_id >> 6 & 7
            assert service in (0, 1, 2)
            assert len(data) == {0: 2, 1: 3, 2: 7}[service]
            if service == 2:
                nr, part, _ = struct.unpack(">HBf", data)
                yield Written(can_id >> 19, nr, part)


class Wire:
    """A master on a wire that is listened to, with true devices at its end or none at all."""

    def __init__(self, kind: str, *, peopled: bool) -> None:
        self.clock = SwiftClock(NOON_S)
        self.plant = HousePlant()
        if not peopled:
            self.plant.infos.clear()
        self.ram = 0x0D if kind == "scom" else 0x04
        self.asker: StuderAsker
        self.ear: ScomEar | CanEar
        # Asked once only, for there are many questions.
        patience = Patience(timeout_s=0.1, tries=1, busy_tries=1, late_s=0.1)
        if kind == "scom":
            self.ear = ScomEar(InProcessPort(ScomGateway(self.plant), self.clock))
            self.asker = ScomMaster(self.ear, self.clock, patience=patience)
        else:
            self.ear = CanEar(CanNode(self.plant).answer, self.clock)
            self.asker = CanMaster(self.ear, self.clock, patience=patience)


@pytest.fixture(params=["scom", "can"])
def wire(request: pytest.FixtureRequest) -> Wire:
    return Wire(request.param, peopled=True)


@pytest.fixture(params=["scom", "can"])
def empty_wire(request: pytest.FixtureRequest) -> Wire:
    return Wire(request.param, peopled=False)


class NoDisk(Ledger):
    """A ledger of endless days that stays in memory: half a million intents would wear out a disk."""

    def spent(self, address: int, nr: int) -> int:
        return 0

    def _save(self, state: object) -> None:
        self._state = state  # type: ignore[assignment]


def writer_on(wire: Wire, folder: Path) -> StuderWriter:
    ledger = NoDisk(folder / "writes.json", ZoneInfo("Europe/Rome"), wire.clock)
    return StuderWriter(wire.asker, wire.clock, ledger, EVERYTHING)


async def pressed(writer: StuderWriter, intent: Intent) -> None:
    """Ask as the most trusted person does, confirming whatever is to be confirmed."""
    result = await writer.assert_(intent)
    if isinstance(result, SecondStepNeeded):
        ticket = Intent(*_fields(intent)[:6], ticket=result.ticket)
        await writer.assert_(ticket)


def _fields(intent: Intent) -> tuple[int, int, float, float, str, bool]:
    return intent.address, intent.nr, intent.value, intent.lasts_s, intent.issuer, intent.by_person


async def test_the_writer_reaches_only_the_list_and_only_ram(wire: Wire, tmp_path: Path) -> None:
    writer = writer_on(wire, tmp_path)
    for address in ADDRESSES:
        for nr in EVERY_ID:
            await pressed(writer, Intent(address, nr, 1, 60, "x", by_person=True))
    for family, nr in sorted(WRITABLE, key=str):
        for address in (at for at, known in FAMILIES.items() if known is family):
            for value in VALUES:
                # What is on already is not switched on.
                wire.plant.off = {101, 301} if nr in (1415, 10039) else set()
                await pressed(writer, Intent(address, nr, value, 60, "x", by_person=True))
                for restarted in (False, True):
                    if restarted and address in wire.plant.infos:
                        wire.plant.restart(address)
                    await writer.look()
    wire.clock.advance(3600)
    await writer.look()
    written = list(wire.ear.written())
    assert {each.where for each in written} == {wire.ram}
    reached = {(FAMILIES[each.address], each.nr) for each in written}
    # It would prove nothing if little had been written: all that these devices take is among it.
    assert reached == WRITABLE


@pytest.mark.parametrize("address", [101, 301, 501, 601, 701])
async def test_a_master_writes_nothing_but_ram_whatever_it_is_asked(empty_wire: Wire, address: int) -> None:
    for nr in EVERY_ID:
        for value in VALUES[:3] if nr % 7 else VALUES:
            try:
                await empty_wire.asker.write_unsaved(address, nr, value)
            except (UnknownObject, ValueError, StuderRefused, StuderSilent):
                continue
    written = list(empty_wire.ear.written())
    assert {each.where for each in written} == {empty_wire.ram}
    assert {each.address for each in written} == {address}


async def test_reading_writes_nothing(wire: Wire) -> None:
    for nr in EVERY_ID:
        for address in (101, 301):
            for part in Part:
                try:
                    await wire.asker.read_parameter(address, nr, part)
                except (UnknownObject, StuderRefused, StuderSilent):
                    break
    assert len(wire.ear.frames if isinstance(wire.ear, ScomEar) else wire.ear.sent) > 500
    assert list(wire.ear.written()) == []


async def test_what_a_forged_ledger_asks_for_is_not_written(wire: Wire, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "writes.json", ZoneInfo("Europe/Rome"), wire.clock)
    for nr in (1163, 1550, 1628, 1512, 1468, 9999):
        ledger.hold(Held(101, nr, 1, "x", NOON_S + 60, 0.0))
    writer = StuderWriter(wire.asker, wire.clock, ledger, EVERYTHING)
    for _ in range(3):
        await writer.look()
        wire.clock.advance(60)
    assert list(wire.ear.written()) == []


SOURCE = Path(__file__).resolve().parents[3] / "src" / "stallaini"
STUDER = Path("devices") / "studer"


@pytest.fixture(scope="module")
def calls() -> dict[str, set[str]]:
    """By the name of what is called: `file:function` of every place in the program that calls it."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        if "rite" not in text:
            continue
        for outer in ast.walk(ast.parse(text)):
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(outer):
                    called = node.func if isinstance(node, ast.Call) else None
                    name = getattr(called, "attr", getattr(called, "id", ""))
                    found.setdefault(name, set()).add(f"{path.relative_to(SOURCE)}:{outer.name}")
    return found


def test_one_function_alone_has_parameters_written(calls: dict[str, set[str]]) -> None:
    assert calls["write_unsaved"] == {str(STUDER / "hand.py") + ":write"}


def test_each_wire_has_one_function_that_makes_a_write(calls: dict[str, set[str]]) -> None:
    assert calls["WriteUnsaved"] == {str(STUDER / "master.py") + ":write_unsaved"}
    assert calls["WriteRam"] == {str(STUDER / "can_master.py") + ":write_unsaved"}


def test_a_write_can_name_no_other_place_than_ram() -> None:
    """The two write types have no field for a property or a part, and their encoders name only RAM."""
    for file, name, place in (
        ("service.py", "WriteUnsaved", "UNSAVED"),
        ("can_public.py", "WriteRam", "RAM"),
    ):
        tree = ast.parse((SOURCE / STUDER / file).read_text())
        (kind,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
        fields = set(_fields_of(kind))
        assert fields <= {"object_id", "data", "value"}
        (encode,) = [
            node for node in kind.body if isinstance(node, ast.FunctionDef) and node.name == "encode"
        ]
        named = {node.attr for node in ast.walk(encode) if isinstance(node, ast.Attribute)}
        assert place in named
        assert not named & {"VALUE", "FLASH", "MIN", "MAX"}


def _fields_of(kind: ast.ClassDef) -> Iterator[str]:
    for node in kind.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotation = ast.unparse(node.annotation)
            if not annotation.startswith("ClassVar"):
                yield node.target.id
