"""What the edge closed and journaled, written down outside of all machines: what the store is held to."""

from __future__ import annotations

from dataclasses import dataclass, field

from stallaini.ops.lab.site import Values


@dataclass
class Closed:
    """One minute as the edge closed it: its number, its values by series name, and when (virtual seconds).

    `kept` tells whether the journal must still have it, or have brought it to the server: not while the
    close is under way, nor when it lay only in the memory of a program that died, nor when the disk has
    forgotten the commit `commit`.
    """

    minute: int
    values: dict[str, int]
    at_s: float
    kept: bool = False
    commit: int = 0


@dataclass
class Note:
    """A numbered event the lab had the edge journal."""

    number: int
    at_s: float
    kept: bool = False
    commit: int = 0


@dataclass(frozen=True)
class Act:
    """The edge acted on a command: when by the true time, and within which times it may have."""

    id: int
    at_s: float
    not_before_s: int
    not_after_s: int


@dataclass
class Ledger:
    """Every minute and note of one world, and what may excuse that the edge cannot send one again.

    `tight`: its journal may have had to drop some; `forgetful`: its disk lied; `in_ram`: some lay only in
    memory. `server_set_back`: the server lost what it had, so that it needs them again. `clock_lied`: a
    machine that believed in its clock had it wrong, so that no time it acted by can be held against it.
    """

    minutes: list[Closed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    tight: bool = False
    forgetful: bool = False
    in_ram: bool = False
    server_set_back: bool = False
    clock_lied: bool = False

    def close(self, minute: int, names: list[str], values: Values, at_s: float) -> Closed:
        """A minute is about to be journaled."""
        known = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        self.minutes.append(Closed(minute, known, at_s))
        return self.minutes[-1]

    def note(self, at_s: float) -> Note:
        """A note is about to be journaled."""
        self.notes.append(Note(len(self.notes), at_s))
        return self.notes[-1]

    def forgot(self, last_commit: int) -> None:
        """The edge's disk has nothing of what was committed after `last_commit`."""
        self.forgetful = True
        entries: list[Closed | Note] = [*self.minutes, *self.notes]
        for entry in entries:
            if entry.commit > last_commit:
                entry.kept = False
