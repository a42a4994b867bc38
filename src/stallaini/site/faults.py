"""What is wrong with a site file, in words its owner can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One fault of a site file: the line (from 1), what is wrong there, and what to do."""

    line: int
    reason: str
    fix: str


class SiteFileError(Exception):
    """A site file with faults; `faults` holds every one of them, by line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("; ".join(f"line {fault.line}: {fault.reason}" for fault in self.faults))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, or None when none is like it."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.55)
    return matches[0] if matches else None


def suggest(word: str, known: Sequence[str], kind: str) -> str:
    """A fix for an unknown `word`: the nearest known one, or the list of them."""
    match = nearest(word, known)
    if match is not None:
        return f"did you mean `{match}`?"
    if not known:
        return f"there is no {kind} to name here"
    shown = ", ".join(f"`{name}`" for name in list(known)[:12])
    return f"known {kind}s: {shown}" + (" ..." if len(known) > 12 else "")
