"""Tokens: read from a file or the environment, and kept out of the log."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from stallaini.errors import OperatorError

TELEGRAM_VARIABLE = "STALLAINI_TELEGRAM_TOKEN"
API_VARIABLE = "STALLAINI_API_TOKEN"
_TELEGRAM_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_API_TOKEN = re.compile(r"[!-~]+")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

logger = logging.getLogger(__name__)


def telegram_token(file: Path | None) -> str:
    """The bot's token as @BotFather gave it. Raises OperatorError when there is none or it cannot be one."""
    token, where = _read(file, TELEGRAM_VARIABLE, "--telegram-token-file")
    if not _TELEGRAM_TOKEN.fullmatch(token):
        raise OperatorError(
            f"{where} holds no Telegram token (they look like 123456789:AAE4x...); "
            "copy the one @BotFather gave"
        )
    return token


def api_token(file: Path | None) -> str:
    """The token `stallaini user token NAME --role bot` printed. Raises OperatorError likewise."""
    token, where = _read(file, API_VARIABLE, "--api-token-file")
    if not _API_TOKEN.fullmatch(token):
        raise OperatorError(
            f"{where} holds no API token (one line without blanks); "
            "make one with `stallaini user token NAME --role bot`"
        )
    return token


def _read(file: Path | None, variable: str, option: str) -> tuple[str, str]:
    if file is None:
        value = os.environ.get(variable, "")
        if not value:
            raise OperatorError(f"no token: name its file with {option}, or set {variable}")
        return value.strip(), variable
    try:
        text = file.read_text(encoding="utf-8").strip()
        mode = file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise OperatorError(f"cannot read the token file {file}: {reason}; {option} names it") from error
    if mode & _OTHERS:
        logger.warning("%s can be read by other users of this machine; `chmod 600 %s` mends it", file, file)
    return text, str(file)


class RedactingFormatter(logging.Formatter):
    """Writes log lines with every secret blotted out, tracebacks of libraries included.

    Telegram's Bot API has the token in the address, and HTTP libraries log addresses.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without secrets."""
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return line


def log_without(secrets: Iterable[str]) -> None:
    """Send this program's log to standard error, free of `secrets` and of one line per HTTP request."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for library in ("httpx", "httpcore", "telegram"):
        logging.getLogger(library).setLevel(logging.WARNING)
