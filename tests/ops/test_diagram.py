"""`stallaini diagram`: a site file in, a drawing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from stallaini.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "stallaini-studer.toml"


def test_a_site_file_is_drawn_with_its_array_and_its_wires(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site.svg"
    assert main(["diagram", str(EXAMPLE), "-o", str(out)]) == 0
    drawn = out.read_text(encoding="utf-8")
    assert all(word in drawn for word in ("9 × 260 W", "can0", "Studer gateway", "serial", "Well pump"))
    assert "5 devices, 2 loads" in capsys.readouterr().out


def test_a_file_that_is_missing_or_wrong_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "site.toml"
    wrong.write_text('[site]\nname = "noto"\n')
    assert main(["diagram", str(wrong)]) == 1
    assert "stallaini check" in capsys.readouterr().err
    assert main(["diagram", str(tmp_path / "none.toml")]) == 1
    assert "cannot read" in capsys.readouterr().err


def test_the_drawing_in_the_docs_is_the_one_of_the_example(tmp_path: Path) -> None:
    kept = EXAMPLE.parents[1] / "docs" / "images" / "site.svg"
    out = tmp_path / "site.svg"
    assert main(["diagram", str(EXAMPLE), "-o", str(out)]) == 0
    assert kept.read_text(encoding="utf-8") == out.read_text(encoding="utf-8"), (
        "draw it anew: stallaini diagram examples/stallaini-studer.toml -o docs/images/site.svg"
    )
