"""How a bench prints what it measured: each figure beside its peer, as text or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure; `peer` is what the named other way took in the same run, in the same unit."""

    name: str
    value: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    note: str = ""
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; None where one of the two is missing or zero."""
        if not self.peer or not self.value:
            return None
        return self.value / self.peer if self.more_is_better else self.peer / self.value


def as_json(bench: str, figures: list[Figure]) -> str:
    """One JSON object: the bench's name and its figures."""
    return json.dumps(
        {"bench": bench, "figures": [asdict(figure) | {"ratio": figure.ratio} for figure in figures]},
        indent=2,
    )


def as_text(bench: str, figures: list[Figure]) -> str:
    """A table for people."""
    rows = [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]}" for row in rows]
    return "\n".join([f"bench {bench}", *(line.rstrip() for line in lines)])


def _row(figure: Figure) -> tuple[str, str, str, str]:
    peer = ""
    if figure.peer is not None:
        peer = f"| {figure.peer_name}: {_number(figure.peer)} {figure.unit}"
        peer += f" ({figure.ratio:.1f} times better)" if figure.ratio else ""
    note = f"  [{figure.note}]" if figure.note else ""
    return figure.name, _number(figure.value), figure.unit, peer + note


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
