"""A site file's text as tables, with every fault of its syntax and the line of every key."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from stallaini.site.faults import Fault, SiteFileError
from stallaini.site.lines import KeyPath, LineIndex

_PLACE = re.compile(r" \((?:at line (\d+), column \d+|at end of document)\)$")
_MOST_SYNTAX_FAULTS = 50
_DUPLICATE = ("Cannot declare", "Cannot overwrite", "Cannot mutate", "Cannot redefine")


class Document:
    """The tables of a site file. A line with a syntax fault is set aside so that the rest is still checked.

    Raises SiteFileError where nothing sensible is left to check.
    """

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self._lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        self._set_aside: set[int] = set()
        self.tables: dict[str, Any] = self._load()
        self._index = LineIndex("\n".join(self._lines))

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the table it should stand in."""
        return self._index.line(path)

    def fault(self, path: KeyPath, reason: str, fix: str) -> None:
        """Note what is wrong with the key at `path`."""
        self.faults.append(Fault(self.line(path), reason, fix))

    def missing(self, path: KeyPath, fix: str) -> None:
        """Note that the key at `path` is not there, unless it may be in a line set aside."""
        line = self.line(path)
        if not any(line <= n <= self._end_of_table(line) for n in self._set_aside):
            self.faults.append(Fault(line, f"`{dotted(path)}` is missing", fix))

    def _load(self) -> dict[str, Any]:
        while True:
            try:
                return tomllib.loads("\n".join(self._lines))
            except (ValueError, RecursionError) as error:
                line, reason = _place(error, len(self._lines))
            self.faults.append(_syntax_fault(line, reason))
            if not self._lines[line - 1].strip() or len(self.faults) > _MOST_SYNTAX_FAULTS:
                raise SiteFileError(self.faults)
            self._put_aside(line, duplicate=reason.startswith(_DUPLICATE))

    def _put_aside(self, line: int, duplicate: bool) -> None:
        if not self._opens_table(line):
            self._set_aside.add(line)
            self._lines[line - 1] = ""
        elif duplicate:
            self._lines[line - 1 : self._end_of_table(line)] = [""] * (self._end_of_table(line) + 1 - line)
        else:
            raise SiteFileError(self.faults)

    def _end_of_table(self, line: int) -> int:
        """The last line of the table whose header or key is at `line`."""
        later = range(line + 1, len(self._lines) + 1)
        return next((n - 1 for n in later if self._opens_table(n)), len(self._lines))

    def _opens_table(self, line: int) -> bool:
        return self._lines[line - 1].lstrip().startswith("[")


def dotted(path: KeyPath) -> str:
    """`path` as one writes it in the file."""
    return ".".join(str(part) for part in path)


def _place(error: Exception, line_count: int) -> tuple[int, str]:
    match = _PLACE.search(str(error))
    if match is None:
        return line_count, str(error) if isinstance(error, ValueError) else "values nest too deep"
    line = int(match.group(1)) if match.group(1) else line_count
    return min(line, line_count), _PLACE.sub("", str(error))


def _syntax_fault(line: int, reason: str) -> Fault:
    if reason.startswith(_DUPLICATE):
        return Fault(line, "duplicate name: this one is there already", "rename or remove one of the two")
    if reason.startswith("Invalid value"):
        fix = 'put text in quotes, as in title = "Well pump"; true and false are lower case'
    elif reason.startswith("Expected '='"):
        fix = "write key = value, and a key with dots or blanks in quotes"
    elif reason.startswith(("Unterminated", "Illegal character")):
        fix = 'close the text with the mark that opens it, as in title = "Well pump"'
    elif reason.startswith("Unclosed"):
        fix = 'close the list on this line or above, as in ["mean", "max"]'
    else:
        fix = "write one key = value a line, or a table as [loads.well_pump]"
    return Fault(line, f"not TOML: {reason}", fix)
