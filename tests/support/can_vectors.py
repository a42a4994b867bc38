"""The frames of tests/fixtures/can: what makers' stacks sent, and what each frame is claimed to say."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "can"

Value = float | bool | None


@dataclass(frozen=True)
class Vector:
    """One frame, the profile its source speaks, and the readings and texts its source claims."""

    source: str
    can_id: int
    data: bytes
    profile: str
    readings: dict[str, Value]
    texts: dict[str, str]
    frame: str | None

    def candump_line(self, t_s: float) -> str:
        return f"({t_s:.6f}) can0 {self.can_id:03X}#{self.data.hex().upper()}\n"


def vectors() -> list[Vector]:
    with (_FOLDER / "vectors.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = json.loads((_FOLDER / "vectors_expected.json").read_text(encoding="utf-8"))
    assert [(row["can_id"], row["hex_bytes"]) for row in rows] == [(e["id"], e["hex"]) for e in expected]
    return [
        Vector(
            source=row["source"],
            can_id=int(row["can_id"], 16),
            data=bytes.fromhex(row["hex_bytes"]),
            profile=claim["profile"],
            readings={f"battery.{field}": value for field, value in claim["readings"].items()},
            texts={f"battery.{name}": text for name, text in claim.get("texts", {}).items()},
            frame=claim.get("frame"),
        )
        for row, claim in zip(rows, expected, strict=True)
    ]


def write_candump(path: Path, frames: list[Vector]) -> Path:
    path.write_text("".join(frame.candump_line(100 + 0.25 * index) for index, frame in enumerate(frames)))
    return path
