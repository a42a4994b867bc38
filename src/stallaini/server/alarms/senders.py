"""Mail, webhooks and pushes: one message each, over the wire, and what became of it."""

from __future__ import annotations

import asyncio
import email.utils
import hashlib
import hmac
import json
import smtplib
import ssl
from email.message import EmailMessage
from typing import Protocol

import httpx

from stallaini.server.alarms.life import Alarm
from stallaini.server.alarms.notify_file import Means, Ntfy, Smtp
from stallaini.server.alarms.outbox import Item, Report
from stallaini.server.alarms.settings import Way
from stallaini.server.alarms.words import Message
from stallaini.server.times import iso

_TIMEOUT_S = 20.0
_PRIORITIES = {"critical": 5, "warning": 4, "info": 3}
_OVER_PRIORITY = 2
_GONE = (404, 410)


class Sender(Protocol):
    """One way of telling people."""

    async def send(self, item: Item, message: Message, now_s: float) -> Report:
        """Show the item's message at its place; never raises for what the other end does."""


class Mail:
    """Sends mail. Its id is the same for every try: who gets it twice sees it once."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp

    async def send(self, item: Item, message: Message, now_s: float) -> Report:
        """Hand the mail to the mail server."""
        mail = self._mail(item, message, now_s)
        try:
            await asyncio.to_thread(self._deliver, mail)
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(item, error)
        except (smtplib.SMTPException, OSError) as error:
            return Report("failed", _version(item), error=f"{type(error).__name__}: {error}")
        return Report("shown", _version(item), str(mail["Message-ID"]))

    def _mail(self, item: Item, message: Message, now_s: float) -> EmailMessage:
        domain = self._smtp.sender.rpartition("@")[2].rstrip(">")
        thread = f"<{item.row.id}@{domain}>"
        mail = EmailMessage()
        mail["From"], mail["To"] = self._smtp.sender, item.row.address
        mail["Subject"] = " ".join(message.headline.split())
        mail["Date"] = email.utils.formatdate(now_s)
        if item.alarm is None or item.alarm.open:
            mail["Message-ID"] = thread
        else:
            mail["Message-ID"] = f"<{item.row.id}.over@{domain}>"
            mail["In-Reply-To"] = mail["References"] = thread
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.plain() + "\n")
        return mail

    def _deliver(self, mail: EmailMessage) -> None:
        smtp, context = self._smtp, ssl.create_default_context()
        if smtp.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=_TIMEOUT_S)
        with server:
            if smtp.tls == "starttls":
                server.starttls(context=context)
            if smtp.user:
                server.login(smtp.user, smtp.password)
            server.send_message(mail)


class Webhook:
    """Posts JSON. `Idempotency-Key` is the same for every try of one version."""

    def __init__(self, means: Means, http: httpx.AsyncClient) -> None:
        self._means = means
        self._http = http

    async def send(self, item: Item, message: Message, now_s: float) -> Report:  # noqa: ARG002 - the protocol
        """Post the alarm, and what happened to it since the last post."""
        fault = self._means.webhook_fault(item.row.address)
        if fault is not None:
            return Report("gone", _version(item), error=fault)
        body = json.dumps(_posted(item, message)).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f"{item.row.id}.{_version(item)}",
        }
        key = self._means.webhook.key if self._means.webhook else ""
        if key:
            signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Stallaini-Signature"] = f"sha256={signature}"
        return await _post(self._http, item, item.row.address, body, headers)


class Push:
    """Publishes to an ntfy server; one sequence id for all versions, so that each replaces the one before."""

    def __init__(self, ntfy: Ntfy, http: httpx.AsyncClient) -> None:
        self._ntfy = ntfy
        self._http = http

    async def send(self, item: Item, message: Message, now_s: float) -> Report:  # noqa: ARG002 - the protocol
        """Publish the message in its present form."""
        alarm = item.alarm
        priority = _OVER_PRIORITY if alarm is None or not alarm.open else _PRIORITIES[alarm.rule.severity]
        body = {
            "topic": item.row.address,
            "title": message.headline,
            "message": "\n".join(message.lines) or message.headline,
            "priority": priority,
            "sequence_id": item.row.id,
        }
        headers = {"Content-Type": "application/json"}
        if self._ntfy.token:
            headers["Authorization"] = f"Bearer {self._ntfy.token}"
        return await _post(self._http, item, self._ntfy.server, json.dumps(body).encode(), headers)


def senders_of(means: Means, http: httpx.AsyncClient) -> dict[Way, Sender]:
    """The ways that this server has by itself."""
    found: dict[Way, Sender] = {}
    if means.smtp is not None:
        found["email"] = Mail(means.smtp)
    if means.webhook is not None:
        found["webhook"] = Webhook(means, http)
    if means.ntfy is not None:
        found["ntfy"] = Push(means.ntfy, http)
    return found


async def _post(
    http: httpx.AsyncClient, item: Item, url: str, body: bytes, headers: dict[str, str]
) -> Report:
    version = _version(item)
    try:
        answer = await http.post(url, content=body, headers=headers, timeout=_TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Report("failed", version, error=f"{type(error).__name__}: {error}")
    if answer.is_success:
        return Report("shown", version)
    said = f"{answer.status_code} from {httpx.URL(url).host}"
    if answer.status_code in _GONE:
        return Report("gone", version, error=said)
    asked = answer.headers.get("retry-after", "")
    return Report("failed", version, error=said, retry_after_s=float(asked) if asked.isdecimal() else 0.0)


def _posted(item: Item, message: Message) -> dict[str, object]:
    told: dict[str, object] = {
        "id": item.row.id,
        "site": item.row.site,
        "site_title": item.site_title,
        "text": message.plain(),
    }
    if item.alarm is None:
        return told | {"digest": item.row.subject}
    changes = [
        {"version": one.version, "at": iso(one.at_s), "change": one.change, "by": one.who}
        for one in item.changes
    ]
    return told | {"alarm": _shown(item.alarm), "changes": changes}


def _shown(alarm: Alarm) -> dict[str, object]:
    return {
        "id": alarm.id,
        "version": alarm.version,
        "rule": alarm.rule.name,
        "severity": alarm.rule.severity,
        "state": alarm.state,
        "detail": alarm.detail,
        "stale_since": None if alarm.stale_s is None else iso(alarm.stale_s),
        "value": alarm.value,
        "unit": alarm.rule.unit,
        "raised_at": iso(alarm.raised_s),
        "cleared_at": None if alarm.cleared_s is None else iso(alarm.cleared_s),
        "count": alarm.count,
    }


def _refused(item: Item, error: smtplib.SMTPRecipientsRefused) -> Report:
    codes = [code for code, _ in error.recipients.values()]
    outcome = Report("gone" if all(code >= 500 for code in codes) else "failed", _version(item))
    return outcome._replace(error=f"the mail server refuses the address ({', '.join(map(str, codes))})")


def _version(item: Item) -> int:
    return item.row.wanted if item.alarm is None else item.alarm.version
