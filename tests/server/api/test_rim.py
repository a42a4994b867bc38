"""The rim of the HTTP server: errors, headers, documentation, page files, metrics."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from tests.support.serving import START_MINUTE, Running, serving

from stallaini.server.api import people_models

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "http-api.md"
METRICS_PAGE = DOCS.with_name("metrics.md")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Stallaini</title>")
    (static / "icon.svg").write_text("<svg/>")
    (static / "assets" / "index-abc.js").write_text("export {};" * 500)
    (tmp_path / "secret.txt").write_text("secret")
    return static


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert set(body) >= {"type", "title", "status", "detail"}
    return body


async def test_every_error_is_a_problem_that_says_what_to_do(running: Running) -> None:
    client = await running.program("viewer")
    nothing = problem_of(await client.get("/api/v1/nothing"))
    assert (nothing["status"], "/api/docs lists" in nothing["detail"]) == (404, True)
    wrong_method = await client.put("/api/v1/sites")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET")
    assert "use GET" in problem_of(wrong_method)["detail"]
    broken = await client.post("/api/v1/session", content=b"{", headers={"Content-Type": "application/json"})
    assert problem_of(broken)["errors"] == [
        {"where": "body", "detail": "not valid JSON; send a JSON object as application/json"}
    ]
    missing = problem_of(await client.post("/api/v1/session", json={"name": "anna"}))
    assert missing["errors"] == [{"where": "body password", "detail": "field required"}]
    extra = await client.post("/api/v1/session", json={"name": "a", "password": "b", "admin": True})
    assert "body admin" in problem_of(extra)["detail"]
    large = await client.post("/api/v1/session", json={"name": "x" * 100_000, "password": "y"})
    assert problem_of(large)["status"] == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"{}"

    assert problem_of(await client.post("/api/v1/session", content=endless()))["status"] == 411


async def test_a_bug_is_a_problem_too_and_tells_nothing_of_the_inside(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(running.server.store, "sites", fail)
    answer = await (await running.program("viewer")).get("/api/v1/sites")
    assert problem_of(answer)["status"] == 500
    assert "inside" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "GET /api/v1/sites failed: RuntimeError('inside')" in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/", "/api/docs", "/api/v1/sites", "/nothing.js"])
async def test_every_answer_carries_the_security_headers(running: Running, path: str) -> None:
    headers = (await running.client().get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert ("'unsafe-inline'" in policy) == (path == "/api/docs")
    assert (headers.get("cache-control") == "no-store") == path.startswith("/api/v1")
    assert "server" not in headers


async def test_the_documentation_needs_nothing_from_elsewhere(running: Running) -> None:
    client = running.client()
    html = (await client.get("/api/docs")).text
    loaded = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert len(loaded) == 4
    for path in loaded:
        assert path.startswith("/api/docs/")
        assert (await client.get(path)).status_code == 200
    assert "<script>" not in html
    assert "validatorUrl: null" in (await client.get("/api/docs/start.js")).text
    assert (await client.get("/api/docs/index.html")).status_code == 404


async def test_the_openapi_document_is_plain_3_0_with_examples(running: Running) -> None:
    document = (await running.client().get("/api/openapi.json")).json()
    assert document["openapi"] == "3.0.3"
    text = str(document)
    for newer in ("'const'", "'null'", "'$defs'", "HTTPValidationError"):
        assert newer not in text
    schemas = document["components"]["schemas"]
    for references in re.findall(r"#/components/schemas/(\w+)", text):
        assert references in schemas
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"], (path, status)
    for name in ("Now", "Series", "Gaps", "Events", "Energy", "SiteDetail", "SiteList"):
        assert schemas[name]["example"]
    for shape in vars(people_models).values():
        if isinstance(shape, type) and issubclass(shape, BaseModel) and shape.__name__ in schemas:
            used_within = shape is people_models.AuditLine
            assert used_within or schemas[shape.__name__]["example"], shape
    assert document["paths"]["/api/v1/sites"]["get"]["security"]


async def test_the_reference_page_names_every_route(running: Running) -> None:
    document = (await running.client().get("/api/openapi.json")).json()
    rows = ["| route | what it does |", "|---|---|"]
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            first_line = operation["description"].split("\n")[0]
            rows.append(f"| `{method.upper()} {path}` | {first_line} |")
    table = "\n".join(rows)
    assert table in DOCS.read_text(), f"put this table into {DOCS.name}:\n{table}"


async def test_the_page_is_served_with_assets_kept_for_good(tmp_path: Path, page: Path) -> None:
    async with serving(tmp_path, static_dir=page) as running:
        client = running.client()
        index = await client.get("/")
        assert ("<title>Stallaini" in index.text, index.headers["cache-control"]) == (True, "no-cache")
        view = await client.get("/sites/lab")
        assert view.text == index.text
        script = await client.get("/assets/index-abc.js")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["content-encoding"] == "gzip"
        assert (await client.get("/icon.svg")).headers["content-type"] == "image/svg+xml"
        assert (await client.head("/")).status_code == 200
        assert problem_of(await client.get("/assets/gone-abc.js"))["status"] == 404


async def test_a_packed_file_goes_to_who_can_read_it(tmp_path: Path, page: Path) -> None:
    (page / "index.html.br").write_bytes(b"packed")
    (page / "assets" / "index-abc.js.br").write_bytes(b"packed too")
    async with serving(tmp_path, static_dir=page) as running:
        for path, kind, body in (
            ("/", "text/html", b"packed"),
            ("/assets/index-abc.js", "text/javascript", b"packed too"),
        ):
            headers = {"Accept-Encoding": "gzip, br;q=0.9"}
            async with running.client().stream("GET", path, headers=headers) as answer:
                assert answer.headers["content-encoding"] == "br"
                assert "Accept-Encoding" in answer.headers["vary"]
                assert answer.headers["content-type"].startswith(kind)
                assert b"".join([part async for part in answer.aiter_raw()]) == body
            plain = await running.client(**{"Accept-Encoding": "gzip"}).get(path)
            assert plain.headers.get("content-encoding") != "br"
            assert b"packed" not in plain.content


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/%00.js"]
)
async def test_nothing_outside_the_page_is_served(tmp_path: Path, page: Path, path: str) -> None:
    async with serving(tmp_path, static_dir=page) as running:
        host, port = running.url.removeprefix("http://").split(":")

        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert b"HTTP/1.1 404" in answer
    assert b"\r\nsecret" not in answer


async def test_an_unbuilt_page_says_how_to_build_it(running: Running) -> None:
    answer = await running.client().get("/")
    assert (answer.status_code, "make web" in answer.text) == (200, True)


async def test_metrics_count_what_happens(running: Running) -> None:
    client = await running.program("viewer")
    site = await running.site("lab")
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    await client.get("/api/v1/sites/lab")
    await client.get("/api/v1/sites/nowhere")
    await client.get("/made/up/path.js")
    text = (await client.get("/metrics")).text
    for line in (
        'stallaini_uplinks_total{answer="OK"} 1.0',
        'stallaini_minutes_total{outcome="stored"} 1.0',
        'stallaini_http_requests_total{method="GET",route="/api/v1/sites/{site}",status="200"} 1.0',
        'stallaini_http_requests_total{method="GET",route="/api/v1/sites/{site}",status="404"} 1.0',
        'stallaini_http_requests_total{method="GET",route="/{path:path}",status="404"} 1.0',
        "stallaini_live_watchers 0.0",
        'stallaini_alarms_open{severity="critical"} 0.0',
        'stallaini_outbox_waiting{way="telegram"} 0.0',
        'stallaini_outbox_oldest_waiting_seconds{way="telegram"} 0.0',
        'stallaini_outbox_delivered_total{way="email"} 0.0',
        'stallaini_outbox_failed_total{way="email"} 0.0',
        "# TYPE stallaini_refusals_total counter",
        "stallaini_ingest_seconds_count 0.0",
    ):
        assert line in text, line
    (size,) = re.findall(r"^stallaini_database_bytes ([\d.e+]+)$", text, re.MULTILINE)
    assert float(size) > 10_000
    assert "nowhere" not in text
    assert "made/up" not in text


async def test_every_metric_is_explained_and_no_other(running: Running) -> None:
    text = (await (await running.program("viewer")).get("/metrics")).text
    told = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    page = METRICS_PAGE.read_text()
    explained = set(re.findall(r"^\| `(stallaini_\w+)` \|", page, re.MULTILINE))
    assert {name for name in told if not name.endswith("_created")} == explained
