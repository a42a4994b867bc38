"""Long lists a page at a time: each page names where the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Query

Item = TypeVar("Item")

After = Annotated[str | None, Query(max_length=64, description="`next` of the page before; none: the first.")]
AfterTime = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,12}\.[0-9]{1,5}$", description="`next` of the page before; none: the first."),
]
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


class Place(NamedTuple):
    """Where a page begins in a list by time, newest first: in this second, behind so many items of it."""

    at_s: int
    skip: int

    @classmethod
    def of(cls, after: str | None) -> Place | None:
        """The place that an `AfterTime` names; None for the first page."""
        if after is None:
            return None
        at_s, _, skip = after.partition(".")
        return cls(int(at_s), int(skip))


def page_by_time(
    found: Sequence[Item], at_s: Callable[[Item], int], place: Place | None, limit: int
) -> tuple[Sequence[Item], str | None]:
    """The page that begins at `place`, and what to ask the next one with.

    `found` are the items up to the end of the place's second, newest first: `wanted` many of them or all.
    """
    skip = 0 if place is None else place.skip
    shown = found[skip : skip + limit]
    if not shown or skip + limit >= len(found):
        return shown, None
    last_s = at_s(shown[-1])
    of_its_second = sum(at_s(item) == last_s for item in found[: skip + limit])
    return shown, f"{last_s}.{of_its_second}"


def wanted(place: Place | None, limit: int) -> int:
    """How many items tell the page at `place`, and whether there is another behind it."""
    return limit + 1 + (0 if place is None else place.skip)
