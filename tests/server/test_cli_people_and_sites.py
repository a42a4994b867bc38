"""The operator's verbs `enrol` and `user`, on the data of a running server."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.serving import PASSWORD, serving

from stallaini.cli import main
from stallaini.clock import SystemClock, VirtualClock
from stallaini.link.join import parse_join
from stallaini.link.oscore import ContextStore
from stallaini.server.options import CONTEXTS_FILE

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def contexts(tmp_path: Path) -> Iterator[ContextStore]:
    store = ContextStore(tmp_path / "data" / CONTEXTS_FILE)
    yield store
    store.close()


def enrol(data: str, *words: str) -> int:
    return main(["enrol", *words, "--data", data, "--host", "server.example"])


def test_enrolling_prints_one_line_that_the_server_knows(
    data: str, capsys: Captured, contexts: ContextStore
) -> None:
    assert enrol(data, "noto") == 0
    (line,) = capsys.readouterr().out.splitlines()
    join = parse_join(line)
    assert (join.site, join.host, join.port) == ("noto", "server.example", 5683)
    context = contexts.by_key_id(join.client_id)
    assert context is not None
    assert context.peer == "noto"
    assert contexts.secret("noto") == join.secret


def test_the_line_names_the_web_address_it_was_given(data: str, capsys: Captured) -> None:
    assert enrol(data, "noto", "--https", "https://server.example") == 0
    assert parse_join(capsys.readouterr().out).https_url == "https://server.example"


def test_a_web_address_that_is_none_is_told_before_anything_is_made(data: str, capsys: Captured) -> None:
    assert enrol(data, "noto", "--https", "server.example") == 1
    assert "does not start with https://" in capsys.readouterr().err
    assert not Path(data).exists()


def test_enrolling_again_is_refused_unless_told_to_replace(
    data: str, capsys: Captured, contexts: ContextStore
) -> None:
    enrol(data, "noto")
    first = parse_join(capsys.readouterr().out)
    assert enrol(data, "noto") == 1
    refused = capsys.readouterr()
    assert (refused.out, "--replace" in refused.err) == ("", True)
    assert enrol(data, "noto", "--replace") == 0
    second = parse_join(capsys.readouterr().out)
    assert second.secret != first.secret
    assert contexts.secret("noto") == second.secret


@pytest.mark.parametrize("name", ["Noto", "no to", "../noto", "", "9noto", "x" * 33])
def test_impossible_site_names_are_refused(data: str, capsys: Captured, name: str) -> None:
    assert enrol(data, name) == 1
    assert "cannot be a site's name" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--host", "http://x"], ["--host", ""], ["--host", "x", "--port", "0"]])
def test_impossible_addresses_are_refused(data: str, capsys: Captured, words: list[str]) -> None:
    assert main(["enrol", "noto", "--data", data, *words]) == 1
    assert "is no address" in capsys.readouterr().err


async def test_a_site_enrolled_while_the_server_runs_is_there(tmp_path: Path, data: str) -> None:

    async with serving(tmp_path) as running:
        assert await asyncio.to_thread(enrol, data, "noto") == 0
        answer = await (await running.program("viewer")).get("/api/v1/sites/noto/now")
    assert answer.json()["state"] == "never"


async def test_people_added_while_the_server_runs_can_sign_in(
    tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:

    async with serving(tmp_path) as running:
        typed(monkeypatch, PASSWORD + "\n")
        words = ["user", "add", "anna", "--role", "admin", "--password-stdin", "--data", data]
        assert await asyncio.to_thread(main, words) == 0
        credentials = {"name": "anna", "password": PASSWORD}
        client = running.client()
        assert (await client.post("/api/v1/session", json=credentials)).json()["role"] == "admin"
        assert await asyncio.to_thread(main, ["user", "token", "grafana", "--data", data]) == 0
        token = capsys.readouterr().out.splitlines()[-1]
        program = running.client(Authorization=f"Bearer {token}")
        shown = (await program.get("/api/v1/session")).json()
        assert (shown["name"], shown["via"], shown["role"]) == ("grafana", "token", "viewer")
        assert await asyncio.to_thread(main, ["user", "remove", "grafana", "--data", data]) == 0
        assert (await program.get("/api/v1/session")).status_code == 401


def test_people_and_tokens_are_listed(data: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    typed(monkeypatch, PASSWORD)
    main(["user", "add", "anna", "--password-stdin", "--data", data])
    main(["user", "token", "telegram", "--role", "bot", "--json", "--data", data])
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (shown["name"], shown["role"], shown["token"][:3]) == ("telegram", "bot", "st_")
    assert main(["user", "list", "--json", "--data", data]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["kind"], one["roles"]) for one in listed] == [
        ("anna", "person", {"*": "viewer"}),
        ("telegram", "token", {"*": "bot"}),
    ]
    assert main(["user", "list", "--data", data]) == 0
    assert "telegram" in capsys.readouterr().out


def test_a_token_made_again_replaces_the_old_one_and_says_so(data: str, capsys: Captured) -> None:
    main(["user", "token", "telegram", "--data", data])
    capsys.readouterr()
    main(["user", "token", "telegram", "--data", data])
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 1
    assert "no longer works" in shown.err


def test_roles_are_given_and_taken_by_site(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    typed(monkeypatch, PASSWORD)
    add = ["user", "add", "anna", "--site", "noto", "--role", "operator", "--language", "it"]
    assert main([*add, "--password-stdin", "--data", data]) == 0
    assert main(["user", "role", "anna", "viewer", "--data", data]) == 0
    assert main(["user", "role", "anna", "none", "--site", "noto", "--data", data]) == 0
    capsys.readouterr()
    assert main(["user", "list", "--json", "--data", data]) == 0
    (anna,) = json.loads(capsys.readouterr().out)
    assert anna["roles"] == {"*": "viewer"}


async def test_an_invitation_made_at_the_command_line_lets_somebody_in(
    tmp_path: Path, data: str, capsys: Captured
) -> None:
    async with serving(tmp_path, clock=VirtualClock(wall_s=SystemClock().wall_s())) as running:
        words = ["user", "invite", "--site", "noto", "--role", "operator", "--json", "--data", data]
        assert await asyncio.to_thread(main, words) == 0
        code = json.loads(capsys.readouterr().out)["code"]
        wanted = {"code": code, "name": "bruno", "password": PASSWORD}
        joined = await running.client().post("/api/v1/join", json=wanted)
        assert (joined.status_code, joined.json()["roles"]) == (201, {"noto": "operator"})
        words = ["user", "invite", "--for", "bruno", "--data", data]
        assert await asyncio.to_thread(main, words) == 0
        told = capsys.readouterr().out
        assert "/join#" in told
        assert "/start " in told
        assert await asyncio.to_thread(main, ["user", "audit", "--data", data]) == 0
        lines = capsys.readouterr().out
    assert "invitation.used bruno at noto" in lines
    assert "(shell, this machine): invitation.made bruno" in lines


@pytest.mark.parametrize(
    ("words", "stdin", "told"),
    [
        (["add", "anna", "--password-stdin"], "short\n", "it needs 8 to 256"),
        (["add", "anna", "--password-stdin"], "", "it needs 8 to 256"),
        (["add", " anna", "--password-stdin"], PASSWORD, "cannot be a name"),
        (["remove", "nobody"], "", "there is no 'nobody'"),
        (["password", "nobody", "--password-stdin"], PASSWORD, "there is no 'nobody'"),
        (["bot-password", "--password-stdin"], "short", "it needs 8 to 256"),
        (["role", "nobody", "viewer"], "", "there is no 'nobody'"),
        (["invite", "--for", "nobody"], "", "there is no 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_told(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured, words: list[str], stdin: str, told: str
) -> None:
    typed(monkeypatch, stdin)
    assert main(["user", *words, "--data", data]) == 1
    shown = capsys.readouterr()
    assert (shown.out, told in shown.err) == ("", True)


def test_a_name_is_added_once_and_its_password_changed(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    for verb, code in (("add", 0), ("add", 1), ("password", 0)):
        typed(monkeypatch, PASSWORD)
        assert main(["user", verb, "anna", "--password-stdin", "--data", data]) == code
    assert "stallaini user password anna" in capsys.readouterr().err


def test_a_password_typed_twice_must_be_the_same(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    answers = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    assert main(["user", "bot-password", "--data", data]) == 1
    assert "differ" in capsys.readouterr().err
    assert main(["user", "bot-password", "--data", data]) == 0
