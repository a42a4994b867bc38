"""The OpenAPI document is true: whoever asks whatever, the server answers as it says, and never fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from tests.support.api_nasty import RAW_BODIES, Target, bodies, target, urls
from tests.support.api_thread import LONGEST_WAIT_S, ServerThread, filled_server

from stallaini.server.api.app import create_api
from stallaini.server.api.services import Services
from stallaini.server.people.roles import SiteRole

DOCUMENT = create_api(cast(Services, None)).openapi()
# What removes comes last: until then there is something to ask about.
OPERATIONS = sorted(
    ((method, path) for path, operations in DOCUMENT["paths"].items() for method in operations),
    key=lambda each: each[0] == "delete",
)
LABELS = [f"{method.upper()} {path}" for method, path in OPERATIONS]
LIVE = "/api/v1/sites/{site}/live"
OUTBOX = "/api/v1/outbox"
LINK = "/link"
# A stream has no end to wait for; what refuses one is asked below, what it tells in test_live.py.
DRAWN = [(method, path) for method, path in OPERATIONS if path != LIVE]
# A site's messages are no JSON; test_link_door.py tries what is wrong with them.
WRONGED = [(method, path) for method, path in OPERATIONS if path != LINK]
SHAPE = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 12
REAL = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


class Asked:
    """The server, its document as schemathesis reads it, and a connection."""

    def __init__(self, server: ServerThread) -> None:
        self.server = server
        self.filled = server.filled
        self.connection = requests.Session()
        self._schema = schemathesis.openapi.from_dict(server.filled.document)
        # Loads modules: within a drawn request, with the recursion limit moved, Python may fail to parse one.
        assert self._schema.transport is not None

    def operation(self, method: str, path: str) -> APIOperation[Any, Any, Any, Any]:
        """One operation of the document."""
        return self._schema[path][method.upper()]

    def as_somebody(self, who: str, method: str, url: str, data: bytes | None = None) -> requests.Response:
        """One request of theirs, whose answer's body may still be coming."""
        self.connection.cookies.clear()
        if _is_guess(url):
            self.server.later(LONGEST_WAIT_S)
        headers = {**self.filled.headers[who], "Content-Type": "application/json"}
        full = self.filled.url + url
        return self.connection.request(method, full, data=data, headers=headers, stream=True, timeout=20)

    def sign_in_again(self, who: str) -> None:
        """Whoever signed out gets a session of somebody new."""
        if who in ("admin", "viewer"):
            self.filled.headers[who] = self.server.newcomer(cast(SiteRole, who))


def _is_guess(url: str) -> bool:
    """Whether wrong ones make the next one wait."""
    return url.endswith(("/session", "/password", "/chats"))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr("stallaini.server.people.passwords._HASHER", quick)
        with filled_server(tmp_path_factory.mktemp("asked")) as server:
            yield Asked(server)


@pytest.fixture(autouse=True)
def _a_minute_later(asked: Asked) -> None:
    """Nobody has used up meanwhile what one may ask at once."""
    asked.server.later(60)


def _callers(path: str) -> tuple[str, ...]:
    return ("nobody", "viewer", "admin", *(("bot",) if _is_the_bots(path) else ()))


def _is_the_bots(path: str) -> bool:
    return path.startswith((OUTBOX, "/api/v1/chats"))


def _cases(operation: APIOperation[Any, Any, Any, Any]) -> SearchStrategy[tuple[Case[Any], bool]]:
    """Requests as the document wants them (True), and such as it does not."""
    right = operation.as_strategy(GenerationMode.POSITIVE).map(lambda case: (case, True))
    if not list(operation.iter_parameters()) and not operation.body:
        return right
    return right | operation.as_strategy(GenerationMode.NEGATIVE).map(lambda case: (case, False))


def _name_what_is_there(case: Case[Any], asked: Asked, pick: int) -> None:
    """Random names find nothing: put in what the server knows."""
    for given_names, known in (
        (case.path_parameters, asked.filled.in_path),
        (case.query, asked.filled.in_query),
    ):
        for name in known.keys() & given_names.keys():
            value = known[name][pick % len(known[name])]
            given_names[name] = [value] if isinstance(given_names[name], list) else value
    if pick % 2:
        for name in ("start", "end"):
            case.query.pop(name, None)


@pytest.mark.parametrize(("method", "path"), DRAWN, ids=lambda each: each)
def test_what_the_document_allows_and_what_it_forbids_is_answered_as_it_says(
    asked: Asked, method: str, path: str
) -> None:
    operation = asked.operation(method, path)

    @REAL
    @given(_cases(operation), st.integers(0, 7))
    def ask(drawn: tuple[Case[Any], bool], pick: int) -> None:
        case, right = drawn
        # Who asks is said below; a chat's id is let through now and then.
        case.headers.pop("Authorization", None)
        case.cookies.clear()
        if pick:
            case.headers.pop("X-Stallaini-Chat", None)
        if right and pick % 4:
            _name_what_is_there(case, asked, pick)
        if path == OUTBOX:
            case.query.pop("wait_s", None)  # it would wait
        for who in _callers(path):
            asked.connection.cookies.clear()
            headers = asked.filled.headers[who]
            answer = case.call(base_url=asked.filled.url, session=asked.connection, headers=headers)
            case.validate_response(answer, checks=[*SHAPE, checks.negative_data_rejection], headers=headers)
            if path == "/api/v1/session" and answer.status_code == 204:
                asked.sign_in_again(who)

    ask()


def _validate(asked: Asked, wanted: Target, answer: requests.Response) -> None:
    """As `Case.validate_response`, of an answer to a request that no case could send."""
    case = asked.operation(wanted.method, wanted.path).Case(path_parameters=dict(wanted.in_path))
    case.validate_response(answer, checks=SHAPE)


@pytest.mark.parametrize(("method", "path"), WRONGED, ids=lambda each: each)
def test_one_wrong_part_is_answered_as_the_document_says(asked: Asked, method: str, path: str) -> None:
    wanted = target(asked.filled.document, path, method, asked.filled.in_path, asked.filled.in_query)
    who = "bot" if _is_the_bots(path) else "admin"
    body = json.dumps(wanted.body).encode() if wanted.has_body else None
    sent = [(url, body) for url in urls(wanted) if not (path == OUTBOX and url.endswith("wait_s=1.0"))]
    if wanted.has_body:
        # As ASCII: half a surrogate pair is no text, and JSON has a way to write it all the same.
        sent += [(sent[0][0], json.dumps(each).encode()) for each in bodies(wanted)]
        sent += [(sent[0][0], raw) for raw in RAW_BODIES]
    for url, data in sent:
        with asked.as_somebody(who, method, url, data) as answer:
            if path == LIVE and answer.status_code == 200:
                assert answer.headers["content-type"].startswith("text/event-stream")
            else:
                _validate(asked, wanted, answer)
            if path == "/api/v1/session" and method == "delete":
                asked.sign_in_again(who)


def test_a_method_too_many_is_told_those_there_are(asked: Asked) -> None:
    with asked.as_somebody("admin", "put", "/api/v1/session") as answer:
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, POST")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "get"])
def test_where_there_is_nothing_every_method_says_so(asked: Asked, method: str) -> None:
    with asked.as_somebody("admin", method, "/api/v1/nothing") as answer:
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:stallaini:problem:not-found")


def _example_of(content: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"].get(name, {}).get("example")


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda each: each)
def test_every_route_is_documented_whole(method: str, path: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert operation["summary"]
    assert operation["description"]
    answers = operation["responses"]
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [answer.get("content", {}) for status, answer in answers.items() if status < "300"]
    for content in contents:
        for kind, described in content.items():
            assert kind == "application/octet-stream" or _example_of(described), kind
    if "security" in operation:
        assert {"401", "403", "422", "429"} <= answers.keys()
        assert "Retry-After" in answers["429"]["headers"]
    if "requestBody" in operation:
        assert {"411", "413"} <= answers.keys()
    if "{" in path:
        assert "404" in answers
