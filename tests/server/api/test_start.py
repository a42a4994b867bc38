"""The page comes with what it would ask first, for whoever is signed in, and for nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.support.serving import Running, ask, serving
from tests.support.web_build import WEB

from stallaini.server.api.start import PLACE

FRAME = f"<!doctype html><title>Stallaini</title>{PLACE}"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").write_text(FRAME)
    async with serving(tmp_path) as running:
        yield running


def told(answer: httpx.Response) -> Any:
    found = re.search(r'<script id="start" type="application/json">(.*)</script>', answer.text)
    assert found is not None
    return json.loads(found[1]) if found[1] else None


async def test_who_is_signed_in_need_not_ask_what_the_page_shows_first(running: Running) -> None:
    site = await running.site()
    await site.live({"battery.soc": 62.4})
    anna = await running.person("viewer")
    start = told(await anna.get("/"))
    assert start["session"] == await ask(anna, "/session")
    assert start["sites"] == (await ask(anna, "/sites"))["sites"]
    assert start["site"] == await ask(anna, "/sites/lab")
    assert start["now"] == await ask(anna, "/sites/lab/now")
    assert start["now"]["channels"]["battery.soc"]["value"] == pytest.approx(62.4)


async def test_nobody_keeps_such_a_page_and_it_renews_the_cookie_as_asking_does(running: Running) -> None:
    anna = await running.person("viewer")
    answer = await anna.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert "stallaini_session=" in answer.headers["set-cookie"]


async def test_who_is_not_signed_in_learns_nothing(running: Running) -> None:
    await running.site()
    for client in (running.client(), running.client(Cookie="stallaini_session=guessed")):
        answer = await client.get("/")
        assert (answer.text, answer.headers["cache-control"]) == (FRAME, "no-cache")


async def test_only_sites_one_may_look_at_are_told(running: Running) -> None:
    await running.site("aaa")
    await running.site("lab")
    anna = await running.person("viewer", site="lab")
    assert [row["site"] for row in told(await anna.get("/"))["sites"]] == ["lab"]


async def test_a_site_that_has_not_spoken_yet_is_only_listed(running: Running) -> None:
    anna = await running.person("viewer")
    assert told(await anna.get("/"))["site"] is None
    await running.site()
    start = told(await anna.get("/"))
    assert [row["site"] for row in start["sites"]] == ["lab"]
    assert (start["site"] or {"channels": []})["channels"] == []


async def test_a_name_cannot_end_the_block_of_data(running: Running) -> None:
    site = await running.site()
    site.description = msgspec.structs.replace(site.description, title="</script><script>alert(1)</script>")
    await site.live({"battery.soc": 62.4})
    anna = await running.person("viewer")
    answer = await anna.get("/")
    assert "<script>alert" not in answer.text
    assert told(answer)["site"]["title"] == "</script><script>alert(1)</script>"


def test_the_pages_frame_has_the_place() -> None:
    assert PLACE in (WEB / "index.html").read_text()
