"""The bytes of Telegram's Bot API: parameters read, buttons and HTML checked as Telegram checks them."""

from __future__ import annotations

import email.message
import email.parser
import email.policy
import html.parser
import json
import urllib.parse
from typing import Any

Json = dict[str, Any]

MAX_TEXT, MAX_CAPTION, MAX_TOAST = 4096, 1024, 200
_MAX_BUTTON_BYTES = 64
_TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote"}


class Refusal(Exception):
    """An answer of the Bot API that is not ok."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def body(self) -> bytes:
        answer: Json = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return json.dumps(answer).encode()


def read_params(content_type: str, body: bytes) -> Json:
    if content_type.startswith("application/json"):
        return dict(json.loads(body or b"{}"))
    if not content_type.startswith("multipart/"):
        return dict(urllib.parse.parse_qsl(body.decode()))
    parser = email.parser.BytesParser(email.message.EmailMessage, policy=email.policy.HTTP)
    whole = parser.parsebytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    params: Json = {}
    for part in whole.iter_parts():
        data = bytes(part.get_payload(decode=True) or b"")
        name = str(part.get_param("name", header="content-disposition"))
        params[name] = data if part.get_filename() else data.decode()
    return params


def read_json(value: Any) -> Any:
    """A parameter that is an object: form fields hold it as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def read_buttons(params: Json) -> dict[str, str]:
    """The inline keyboard as label -> callback data, checked as Telegram checks it."""
    markup = params.get("reply_markup")
    if not markup:
        return {}
    rows = (json.loads(markup) if isinstance(markup, str) else markup)["inline_keyboard"]
    buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
    if not all(1 <= len(data.encode()) <= _MAX_BUTTON_BYTES for data in buttons.values()):
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return buttons


class _Reader(html.parser.HTMLParser):
    """Reads Telegram's HTML: what people see, and whether the tags are known and balanced."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise Refusal(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Refusal(400, "Bad Request: can't parse entities: Unmatched end tag")

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


def checked_html(text: str, longest: int) -> str:
    """The text people see. Raises Refusal as Telegram does."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise Refusal(400, "Bad Request: can't parse entities: Can't find end tag")
    seen = "".join(reader.seen)
    if len(seen) > longest:
        raise Refusal(400, "Bad Request: message is too long")
    return seen
