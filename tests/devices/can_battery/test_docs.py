"""The pages about battery CAN say what the profile files say, and their example works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stallaini.cli import main
from stallaini.devices.can_battery.detect import Signature, signatures
from stallaini.devices.can_battery.profile import fields, load_profile, profile_names
from stallaini.devices.can_battery.reference import fill
from stallaini.errors import OperatorError

_DOCS = Path(__file__).resolve().parents[3] / "docs"
REFERENCE = _DOCS / "reference" / "battery-can.md"
HOW_TO = _DOCS / "how-to" / "add-a-battery-brand.md"


def test_the_tables_are_those_of_the_profile_files() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    assert fill(page) == page, f"run: python -m stallaini.devices.can_battery.reference {REFERENCE}"


def test_every_profile_dialect_and_number_is_on_the_page() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    for name in [*profile_names(), *(signature.profile for signature in signatures())]:
        assert name in page
    for field, quantity in fields().items():
        assert quantity.name == "flag" or f"`{field}`" in page


def test_every_key_of_a_profile_file_is_in_the_how_to() -> None:
    page = HOW_TO.read_text(encoding="utf-8")
    for key in ("numbers", "flags", "states", "texts", "when", "ordered", "also", "adds", "extends", "burst"):
        assert f"`{key}" in page


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """The profile printed in the how-to."""
    example = re.findall(r"```toml\n(name = .*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "acme.toml"
    path.write_text(example[0], encoding="utf-8")
    return path


def test_the_example_of_the_how_to_decodes_a_recording(
    acme: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "bus.log"
    log.write_text(
        "(1) can0 356#7A13F2FE6B01\n(2) can0 3A0#020150414B2031\n(3) can0 351#1402C012C012C201\n",
        encoding="utf-8",
    )
    assert main(["decode", str(log), "--profile", str(acme), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["profile"] for line in lines} == {"acme"}
    assert lines[0]["readings"] == {
        "battery.voltage": 49.86,
        "battery.current": 27.0,
        "battery.temperature": 36.3,
    }
    assert lines[1]["readings"] == {"battery.modules": 2, "battery.charge_enabled": True}
    assert lines[1]["texts"] == {"battery.pack": "PAK 1"}
    assert lines[2]["readings"]["battery.charge_voltage_limit"] == 53.2
    assert load_profile(str(acme)).gate("voltage") == (40, 58)


def test_the_complaint_printed_in_the_how_to_is_the_real_one(acme: Path) -> None:
    wrong = acme.with_name("wrong.toml")
    wrong.write_text(
        acme.read_text(encoding="utf-8").replace('"modules", at', '"module", at'), encoding="utf-8"
    )
    with pytest.raises(OperatorError) as caught:
        load_profile(str(wrong))
    complaint = str(caught.value).partition("wrong.toml")[2]
    assert f"acme.toml{complaint}" in HOW_TO.read_text(encoding="utf-8")


def test_the_signature_of_the_how_to_is_one() -> None:
    example = re.findall(
        r"```toml\n\[\[signature\]\]\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL
    )
    keys = re.findall(r"^(\w+) = ", example[0], re.MULTILINE)
    assert set(keys) <= set(Signature.__struct_fields__)
