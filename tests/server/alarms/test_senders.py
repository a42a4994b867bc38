"""Mail over real SMTP, webhooks and pushes: what goes out, and what a refusal means."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import httpx
import pytest
from tests.support.mail_server import MailServer

from stallaini.errors import OperatorError
from stallaini.server.alarms.life import Alarm, Rule, State
from stallaini.server.alarms.notify_file import Means, Ntfy, Smtp, Webhooks, read_means
from stallaini.server.alarms.outbox import Item, Row
from stallaini.server.alarms.senders import Mail, Push, Webhook
from stallaini.server.alarms.settings import Contact, Way
from stallaini.server.alarms.who import Reachable
from stallaini.server.alarms.words import Message
from stallaini.server.people.roles import NOTHING

RULE = Rule("soc_low", "critical", "Battery low", "Batteria bassa", "battery.soc", "%")
MESSAGE = Message("🔴 Battery low · Casa\nmia", ("9.8 %, since Mon 16/11 13:00",))
READER = Reachable("anna", "en", NOTHING, (), Contact())
URL = "https://hooks.example/x"
MEANS = Means(webhook=Webhooks(("hooks.example",), "secret"))


def item(way: Way, address: str, state: State = "raised", version: int = 1) -> Item:
    cleared_s = 1_794_830_460 if state == "cleared" else None
    alarm = Alarm("lab", "a1", RULE, state, 1_794_830_400, 0, (0, b"", 0), 9.8, cleared_s, version=version)
    row = Row("lab", "d1", "a1", 1, "anna", way, address, version, 0, False, None, None, 0, None, 0)
    return Item(row, alarm, "Casa", "Europe/Rome", READER)


async def _post(status: int, **headers: str) -> tuple[list[httpx.Request], httpx.AsyncClient]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, headers=headers)

    return asked, httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def test_mail_is_one_thread_whose_ids_do_not_change() -> None:
    with MailServer() as server:
        mail = Mail(Smtp("127.0.0.1", "Stallaini <house@casa.example>", server.port, "none"))
        for state in ("raised", "raised", "cleared"):
            said = await mail.send(item("email", "anna@example.org", state), MESSAGE, 1_794_830_400)
            assert said.outcome == "shown"
    first, again, over = server.mails
    assert first["Subject"] == "🔴 Battery low · Casa mia"
    assert (first["To"], first["Message-ID"]) == ("anna@example.org", "<d1@casa.example>")
    assert again["Message-ID"] == first["Message-ID"]
    assert (over["In-Reply-To"], over["Message-ID"]) == (first["Message-ID"], "<d1.over@casa.example>")
    assert "9.8 %, since Mon 16/11 13:00" in first.get_content()


async def test_an_address_that_is_refused_for_good_is_given_up_and_a_busy_server_asked_again() -> None:
    with MailServer() as server:
        mail = Mail(Smtp("127.0.0.1", "house@casa.example", server.port, "none"))
        server.refused = {"bruno@"}
        gone = await mail.send(item("email", "bruno@example.org"), MESSAGE, 0)
        assert (gone.outcome, gone.error) == ("gone", "the mail server refuses the address (550)")
        server.busy = True
        assert (await mail.send(item("email", "anna@example.org"), MESSAGE, 0)).outcome == "failed"
    assert (await mail.send(item("email", "anna@example.org"), MESSAGE, 0)).outcome == "failed"
    assert server.mails == []


async def test_a_webhook_is_signed_and_can_be_told_from_its_repetition() -> None:
    asked, http = await _post(204)
    said = await Webhook(MEANS, http).send(item("webhook", URL, version=3), MESSAGE, 0)
    assert (said.outcome, said.version) == ("shown", 3)
    (request,) = asked
    assert request.headers["idempotency-key"] == "d1.3"
    signature = hmac.new(b"secret", request.content, hashlib.sha256).hexdigest()
    assert request.headers["x-stallaini-signature"] == f"sha256={signature}"
    assert json.loads(request.content)["alarm"]["state"] == "raised"


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "shown"), (301, "failed"), (410, "gone"), (429, "failed"), (503, "failed")]
)
async def test_what_a_webhook_answers_decides_what_is_done(status: int, outcome: str) -> None:
    _, http = await _post(status, **{"retry-after": "120"})
    said = await Webhook(MEANS, http).send(item("webhook", URL), MESSAGE, 0)
    assert said.outcome == outcome
    assert said.retry_after_s == (120 if outcome == "failed" else 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/x",
        "http://127.0.0.1/x",
        "ftp://hooks.example/",
        "https://a@hooks.example/",
        "x",
    ],
)
async def test_no_host_is_called_that_the_operator_did_not_name(url: str) -> None:
    asked, http = await _post(204)
    assert (await Webhook(MEANS, http).send(item("webhook", url), MESSAGE, 0)).outcome == "gone"
    assert asked == []


async def test_each_push_replaces_the_one_before() -> None:
    asked, http = await _post(200)
    push = Push(Ntfy("https://push.example", "tk_1"), http)
    await push.send(item("ntfy", "casa"), MESSAGE, 0)
    await push.send(item("ntfy", "casa", "cleared", 2), MESSAGE, 0)
    first, last = (json.loads(request.content) for request in asked)
    assert (first["topic"], first["priority"], last["priority"]) == ("casa", 5, 2)
    assert first["sequence_id"] == last["sequence_id"] == "d1"
    assert asked[0].headers["authorization"] == "Bearer tk_1"


def test_a_file_with_secrets_that_others_may_read_is_refused(tmp_path: Path) -> None:
    assert read_means(tmp_path) == Means()
    file = tmp_path / "notify.toml"
    file.write_text('[smtp]\nhost = "mail.example"\nsender = "house@casa.example"\npassword = "x"\n')
    file.chmod(0o644)
    with pytest.raises(OperatorError, match="chmod 600"):
        read_means(tmp_path)
    file.chmod(0o600)
    means = read_means(tmp_path)
    assert means.smtp is not None
    assert (means.smtp.port, means.smtp.tls) == (587, "starttls")
    file.write_text("[smtp]\nhots = 1\n")
    with pytest.raises(OperatorError, match="cannot be used"):
        read_means(tmp_path)
