"""Long lists a page at a time: every item once, whatever the size of a page."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.serving import START_S, Running, ask, problem

from stallaini.link.messages import Event
from stallaini.server.api.paging import Place, page, page_by_time, wanted

RULES = ("soc_low", "cold_cells", "no_data")


async def _pages(client: httpx.AsyncClient, path: str, what: str, cursor: str, **params: Any) -> list[Any]:
    """All pages, one after another."""
    found: list[Any] = []
    asked = dict(params)
    while True:
        answer = await ask(client, path, **asked)
        found.append(answer[what])
        if answer["next"] is None:
            return found
        asked = {**params, cursor: answer["next"]}


@given(st.lists(st.integers(0, 5)), st.integers(1, 5))
def test_a_list_by_time_is_told_whole_and_in_order(times: list[int], limit: int) -> None:
    items = list(enumerate(sorted(times, reverse=True)))
    told: list[tuple[int, int]] = []
    after: str | None = None
    for _ in range(len(items) + 1):
        place = Place.of(after)
        found = [item for item in items if place is None or item[1] <= place.at_s][: wanted(place, limit)]
        shown, after = page_by_time(found, lambda item: item[1], place, limit)
        assert len(shown) <= limit
        told += shown
        if after is None:
            break
    assert told == items


@given(st.sets(st.text(max_size=2)), st.integers(1, 5))
def test_a_list_by_key_is_told_whole_and_in_order(names: set[str], limit: int) -> None:
    items = sorted(names)
    told: list[str] = []
    after: str | None = None
    while True:
        shown, after = page(items, str, after, limit)
        told += shown
        if after is None:
            break
    assert told == items


async def test_events_of_one_second_are_told_once_each(running: Running) -> None:
    site, viewer = await running.site(), await running.program("viewer")
    await site.events(*(Event(START_S - number // 3, "tick", {"number": number}) for number in range(8)))
    whole = (await ask(viewer, "/sites/lab/events"))["events"]
    assert len(whole) == 8
    for limit in (1, 2, 3, 7):
        pages = await _pages(viewer, "/sites/lab/events", "events", "after", limit=limit)
        assert [event for one in pages for event in one] == whole
        assert {len(one) for one in pages[:-1]} <= {limit}


async def test_alarms_are_told_a_page_at_a_time(running: Running) -> None:
    viewer = await running.program("viewer")
    for name in ("lab", "hut"):
        raised = [
            Event(START_S - number // 2, "alarm.raised", {"rule": rule, "severity": "warning", "value": 1})
            for number, rule in enumerate(RULES)
        ]
        await (await running.site(name)).events(*raised)
    for path, count in (("/alarms", 6), ("/sites/lab/alarms", 3)):
        whole = (await ask(viewer, path))["alarms"]
        assert len(whole) == count
        pages = await _pages(viewer, path, "alarms", "after", limit=1)
        assert [alarm for one in pages for alarm in one] == whole
    before = await _pages(viewer, "/alarms", "alarms", "after", limit=1, before="2026-11-16T12:00:00Z")
    assert [alarm for one in before for alarm in one] == (await ask(viewer, "/alarms"))["alarms"][4:]


async def test_sessions_are_told_a_page_at_a_time(running: Running) -> None:
    anna = await running.person("viewer")
    for _ in range(2):
        await running.signed_in("anna")
    whole = (await ask(anna, "/sessions"))["sessions"]
    pages = await _pages(anna, "/sessions", "sessions", "after", limit=2)
    assert [len(one) for one in pages] == [2, 1]
    assert [session for one in pages for session in one] == whole


@pytest.mark.parametrize("after", ["", "1", "1.", "-1.0", "1.0.0", "1" * 13 + ".0", "١.٠", "1.100000"])
async def test_a_place_that_no_page_named_is_refused(running: Running, after: str) -> None:
    await running.site()
    viewer = await running.program("viewer")
    assert "after" in await problem(viewer, "/alarms", 422, after=after)
