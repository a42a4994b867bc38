"""The how-to page names everything people and operators can say."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from stallaini.bot import cli
from stallaini.bot.handlers import COMMANDS
from stallaini.bot.tokens import API_VARIABLE, TELEGRAM_VARIABLE

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "telegram-bot.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_guide_names_every_command(command: str) -> None:
    assert f"| `/{command}" in GUIDE


def test_the_guide_names_every_option_and_variable() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    cli.configure(parser)
    options = [word for action in parser._actions for word in action.option_strings]
    assert len(options) >= 4
    for name in (*options, API_VARIABLE, TELEGRAM_VARIABLE):
        assert name in GUIDE
