"""Pages of the reference that hold tables made from the code, between two marks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

_END = "<!-- end -->\n"


def fill(page: str, name: str, tables: str) -> str:
    """The page with the tables of that name made anew. Raises ValueError when its marks are missing."""
    mark = f"<!-- made from the code: {name} -->\n"
    head, begin, rest = page.partition(mark)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no place for the tables: {mark.strip()} ... {_END.strip()}")
    return f"{head}{begin}\n{tables}\n{end}{tail}"


def renew(fill_page: Callable[[str], str]) -> None:
    """Fill the page named on the command line."""
    path = Path(sys.argv[1])
    path.write_text(fill_page(path.read_text(encoding="utf-8")), encoding="utf-8")
