"""Requests that are wrong in one place each: what a curious person or a broken program would send."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

TEXTS = (
    *(b"", b"\0", b"a\0b", b"\xff", b"*", b"../../x", b"%00", b"';--", "٣".encode(), "﷽".encode() * 30),
    *(b"-1", b"0", b"9007199254740992", b"9223372036854775808", b"9" * 400, b"1e400", b"NaN", b"-inf"),
    *(b"2026-02-30", b"0001-01-01", b"1970-01-01", b"8999-12-31", b"9999-12-31"),
    *(
        b"8999-12-31T23:59:59Z",
        b"1970-01-01T00:00:00Z",
        b"2026-02-30T00:00:00Z",
        b"2026-01-01T00:00:00+99:99",
    ),
    *(b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00", b"1.0", b"999999999999.99999"),
)
"""For each parameter in a path or query."""

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**53, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 1.5, 1e308),
    *(float("inf"), float("nan"), "", "\0", "a\0b", "\ud800", "﷽", "\u202e", "x" * 3000, "99:99", "٣٣:٣٣"),
    *("8999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", [], [None], {}, {"\ud800": "\ud800"}, ["x"] * 500),
)
"""For each field of a body, and for the body as a whole."""

RAW_BODIES = (b"", b"\xff\xfe", b"{", b"[" * 5000, b'{"a":' * 5000, b"nul", b"\xef\xbb\xbf{}", b"1" * 5000)
"""Bodies that are no JSON, or JSON that breaks readers."""


class Target(NamedTuple):
    """One operation of a document with a request that it answers."""

    method: str
    path: str
    in_path: dict[str, str]
    in_query: dict[str, str]
    parameters: tuple[tuple[str, str], ...]
    body: Any
    fields: tuple[str, ...]

    @property
    def has_body(self) -> bool:
        """Whether it takes one at all."""
        return self.body is not None


def target(
    document: Mapping[str, Any],
    path: str,
    method: str,
    in_path: Mapping[str, Any],
    in_query: Mapping[str, Any],
) -> Target:
    """The operation at `path`, asked with known names and with its own body's example."""
    operation = document["paths"][path][method]
    parameters = tuple(
        (each["in"], each["name"])
        for each in operation.get("parameters", ())
        if each["in"] in ("path", "query")
    )
    body, fields = None, ()
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
        body, fields = schema["example"], tuple(schema["properties"])
    return Target(
        method,
        path,
        {name: str(in_path[name][0]) for where, name in parameters if where == "path"},
        {name: str(in_query[name][0]) for where, name in parameters if where == "query" and name in in_query},
        parameters,
        body,
        fields,
    )


def urls(asked: Target) -> Iterator[str]:
    """The path and query of the good request, and of each with one wrong parameter."""
    yield _url(asked, {}, {})
    for where, name in asked.parameters:
        for text in TEXTS:
            if where == "query":
                yield _url(asked, {}, {name: text})
            elif text:
                yield _url(asked, {name: text}, {})


def bodies(asked: Target) -> Iterator[Any]:
    """The good body, and each with one wrong field or that is wrong as a whole."""
    yield asked.body
    yield from VALUES
    for place in _places(asked.body):
        for value in VALUES:
            yield _with(asked.body, place, value)
    for name in asked.fields:
        if name not in asked.body:
            for value in VALUES:
                yield {**asked.body, name: value}


def _url(asked: Target, in_path: Mapping[str, bytes], in_query: Mapping[str, bytes]) -> str:
    path = asked.path
    for name, value in {**_bytes(asked.in_path), **in_path}.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    told = {**_bytes(asked.in_query), **in_query}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in told.items())
    return f"{path}?{query}" if query else path


def _bytes(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}


def _places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inside:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _with(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    spot = changed
    for key in place[:-1]:
        spot = spot[key]
    spot[place[-1]] = value
    return changed
