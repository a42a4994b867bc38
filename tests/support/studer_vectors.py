"""The vectors of Studer's protocols."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "studer"


def vectors(name: str, section: str) -> list[dict[str, Any]]:
    """One section of `scom_vectors.json` or `xcomcan_vectors.json`."""
    found: list[dict[str, Any]] = json.loads((_FOLDER / f"{name}_vectors.json").read_text())[section]
    return found
