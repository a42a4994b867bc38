"""The server's own means of telling people: `notify.toml` in its data folder, with the secrets for them."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from stallaini.errors import OperatorError

FILE_NAME = "notify.toml"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Smtp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mail server that takes our mail; `sender` is what stands in From."""

    host: str
    sender: str
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str = ""
    password: str = ""


class Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which hosts people may have called, and the key that signs what is sent there."""

    hosts: tuple[str, ...]
    key: str = ""


class Ntfy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The push server, and the token for it if it wants one."""

    server: str = "https://ntfy.sh"
    token: str = ""


class Means(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in the file; what is left out is not possible."""

    smtp: Smtp | None = None
    webhook: Webhooks | None = None
    ntfy: Ntfy | None = None

    def webhook_fault(self, url: str) -> str | None:
        """Why this address may not be called; None: it may. Only hosts that the operator named: else people
        could have the server call machines that only it reaches."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            return f"webhook: {url!r} is no address; write it as https://example.org/path"
        if self.webhook is None or (parts.hostname not in self.webhook.hosts):
            return f"webhook: {parts.hostname} is not among the hosts of [webhook] in {FILE_NAME}"
        return None


def read_means(data_dir: Path) -> Means:
    """What the file gives; nothing when there is none. Raises OperatorError."""
    path = data_dir / FILE_NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Means()
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror}") from error
    if path.stat().st_mode & _OTHERS:
        raise OperatorError(f"{path} holds secrets and others may read it; run: chmod 600 {path}")
    try:
        return msgspec.convert(tomllib.loads(data.decode()), Means)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OperatorError(f"{path} cannot be used: {error}; docs/how-to/get-told.md shows one") from error
