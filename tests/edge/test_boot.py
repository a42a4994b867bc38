"""The boot id."""

from __future__ import annotations

from pathlib import Path

from stallaini.edge.boot import read_boot_id


def test_the_kernel_names_the_boot() -> None:
    assert len(read_boot_id()) == 8


def test_the_first_half_of_the_uuid_is_enough(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("b007b007-b007-b007-aaaa-aaaaaaaaaaaa\n")
    assert read_boot_id(tmp_path / "id").hex() == "b007b007b007b007"


def test_without_a_kernel_id_every_start_is_a_boot_of_its_own(tmp_path: Path) -> None:
    assert read_boot_id(tmp_path / "none") != read_boot_id(tmp_path / "none")
