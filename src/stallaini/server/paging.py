"""Long lists a page at a time: each page names where the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

Item = TypeVar("Item")

After = Annotated[str | None, Query(max_length=64, description="`next` of the page before; none: the first.")]
Limit = Annotated[int, Query(ge=1, le=500, description="At most so many.")]


def page(
    items: Sequence[Item], key: Callable[[Item], str], after: str | None, limit: int
) -> tuple[Sequence[Item], str | None]:
    """The items behind the one whose key is `after`, and what to ask the next page with.

    When that item is gone meanwhile the page is the first again.
    """
    keys = [key(item) for item in items]
    start = keys.index(after) + 1 if after in keys else 0
    shown = items[start : start + limit]
    return shown, keys[start + limit - 1] if start + limit < len(items) else None
