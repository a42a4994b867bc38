"""`stallaini bot`: the Telegram bot."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from stallaini.bot.program import Settings, run_bot
from stallaini.bot.tokens import API_VARIABLE, TELEGRAM_VARIABLE, api_token, log_without, telegram_token
from stallaini.clock import SystemClock
from stallaini.errors import OperatorError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options. Tokens are never options: others could read them in the process list."""
    parser.add_argument(
        "--api", metavar="URL", required=True, help="the server, such as http://127.0.0.1:8080"
    )
    parser.add_argument(
        "--api-token-file",
        type=Path,
        metavar="FILE",
        help=f"holds the token from `stallaini user token NAME --role bot`; without it, ${API_VARIABLE}",
    )
    parser.add_argument(
        "--telegram-token-file",
        type=Path,
        metavar="FILE",
        help=f"holds the token from @BotFather; without it, ${TELEGRAM_VARIABLE}",
    )
    parser.add_argument(
        "--telegram-url",
        metavar="URL",
        default=Settings.telegram_url,
        help="another Bot API server (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the bot until SIGINT or SIGTERM."""
    for option, url in (("--api", args.api), ("--telegram-url", args.telegram_url)):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OperatorError(f"{option} {url!r} is no address; write it like http://127.0.0.1:8080")
    settings = Settings(
        api_url=args.api,
        api_token=api_token(args.api_token_file),
        telegram_token=telegram_token(args.telegram_token_file),
        telegram_url=args.telegram_url,
    )
    log_without((settings.telegram_token, settings.api_token))
    asyncio.run(run_bot(settings, SystemClock()))
    return 0
