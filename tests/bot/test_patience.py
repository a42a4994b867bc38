"""Telegram's limits obeyed, strangers rationed, tokens kept."""

from __future__ import annotations

import asyncio
import io
import logging
from pathlib import Path
from typing import Any

import pytest
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from stallaini.bot.doorman import Doorman
from stallaini.bot.patience import Patience
from stallaini.bot.tokens import RedactingFormatter, api_token, telegram_token
from stallaini.cli import main
from stallaini.clock import VirtualClock
from stallaini.errors import OperatorError

pytestmark = pytest.mark.filterwarnings("error::telegram.warnings.PTBDeprecationWarning")


class Api:
    """Answers with the given errors first, then with True; remembers when it was called."""

    def __init__(self, clock: VirtualClock, *errors: Exception) -> None:
        self.clock = clock
        self.errors = list(errors)
        self.called_at_s: list[float] = []

    async def __call__(self) -> bool:
        self.called_at_s.append(self.clock.monotonic_s())
        if self.errors:
            raise self.errors.pop(0)
        return True


async def call(patience: Patience, api: Api, clock: VirtualClock, **data: int) -> Any:
    """One call, with time passing while it waits."""
    task = asyncio.create_task(patience.process_request(api, (), {}, "sendMessage", data, None))
    while not task.done():
        for _ in range(5):
            await asyncio.sleep(0)
        if not task.done():
            clock.advance(0.25)
    return task.result()


@pytest.fixture(autouse=True)
def modern_durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


async def test_everybody_waits_as_long_as_telegram_asks() -> None:
    clock = VirtualClock(0)
    patience, limited, other = Patience(clock), Api(clock, RetryAfter(7)), Api(clock)
    assert await call(patience, limited, clock)
    assert limited.called_at_s[1] - limited.called_at_s[0] >= 7
    limited.errors = [RetryAfter(3), RetryAfter(3), RetryAfter(3), RetryAfter(3)]
    with pytest.raises(RetryAfter):
        await call(patience, limited, clock)
    before_s = clock.monotonic_s()
    limited.errors = [RetryAfter(5)]
    waiting = asyncio.create_task(call(patience, limited, clock))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await call(patience, other, clock)
    assert other.called_at_s[0] - before_s >= 5
    await waiting


async def test_a_pause_holds_for_its_chat_alone() -> None:
    clock = VirtualClock(0)
    patience, limited, other = Patience(clock), Api(clock, RetryAfter(7)), Api(clock)
    waiting = asyncio.create_task(call(patience, limited, clock, chat_id=1))
    await asyncio.sleep(0)
    await call(patience, other, clock, chat_id=2)
    assert other.called_at_s == [0.0]
    await waiting
    assert limited.called_at_s[1] >= 7


@pytest.mark.parametrize(("chat_id", "most", "within_s"), [(5, 20, 20.0), (-5, 20, 60.0)])
async def test_a_chat_gets_no_more_than_telegram_takes(chat_id: int, most: int, within_s: float) -> None:
    clock = VirtualClock(0)
    patience, api = Patience(clock), Api(clock)
    for _ in range(3 * most):
        await call(patience, api, clock, chat_id=chat_id)
    times = api.called_at_s
    assert all(late - early >= within_s for early, late in zip(times, times[most:], strict=False))
    assert times[most - 1] == 0.0


async def test_all_chats_together_get_no_more_than_telegram_takes() -> None:
    clock = VirtualClock(0)
    patience, api = Patience(clock), Api(clock)
    for chat_id in range(1, 101):
        await call(patience, api, clock, chat_id=chat_id)
    assert all(
        late - early >= 1.0 for early, late in zip(api.called_at_s, api.called_at_s[28:], strict=False)
    )


async def test_nobody_waits_for_an_answer_that_comes_too_late() -> None:
    clock = VirtualClock(0)
    api = Api(clock, RetryAfter(3600))
    patience = Patience(clock)
    with pytest.raises(RetryAfter):
        await call(patience, api, clock)
    with pytest.raises(RetryAfter):
        await call(patience, api, clock)
    assert len(api.called_at_s) == 1


async def test_troubles_of_telegram_are_tried_again_but_not_for_ever() -> None:
    clock = VirtualClock(0)
    api = Api(clock, *[NetworkError("Bad Gateway")] * 3)
    assert await call(Patience(clock), api, clock)
    with pytest.raises(NetworkError):
        await call(Patience(clock), Api(clock, *[NetworkError("Bad Gateway")] * 4), clock)


@pytest.mark.parametrize("error", [BadRequest("chat not found"), TimedOut()])
async def test_what_may_have_been_done_or_never_can_be_is_not_repeated(error: Exception) -> None:
    clock = VirtualClock(0)
    api = Api(clock, error)
    with pytest.raises(type(error)):
        await call(Patience(clock), api, clock)
    assert len(api.called_at_s) == 1


def test_strangers_are_answered_three_times_in_ten_minutes() -> None:
    clock = VirtualClock(0)
    doorman = Doorman(clock)
    assert [doorman.may_answer(1) for _ in range(5)] == [True, True, True, False, False]
    assert doorman.may_answer(2)
    clock.advance(600)
    assert doorman.may_answer(1)


def test_many_strangers_get_thirty_answers_a_minute_together() -> None:
    clock = VirtualClock(0)
    doorman = Doorman(clock)
    assert sum(doorman.may_answer(chat) for chat in range(1000)) == 30
    clock.advance(60)
    assert sum(doorman.may_answer(chat) for chat in range(20_000)) == 30


def test_a_token_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("123:AAE4x-y_z\n")
    assert telegram_token(file) == "123:AAE4x-y_z"
    monkeypatch.setenv("STALLAINI_API_TOKEN", "st_abc")
    assert api_token(None) == "st_abc"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no Telegram token"),
        ("hello", "holds no Telegram token"),
        (None, "cannot read the token file"),
    ],
)
def test_a_token_that_cannot_be_one_is_told_with_the_remedy(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(OperatorError, match=said):
        telegram_token(file)


def test_a_missing_token_names_option_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STALLAINI_TELEGRAM_TOKEN", raising=False)
    with pytest.raises(OperatorError, match=r"--telegram-token-file.*STALLAINI_TELEGRAM_TOKEN"):
        telegram_token(None)


def test_a_file_that_others_can_read_is_remarked_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "token"
    file.write_text("st_abc")
    file.chmod(0o644)
    assert api_token(file) == "st_abc"
    assert "chmod 600" in caplog.text
    file.chmod(0o600)
    caplog.clear()
    assert api_token(file) == "st_abc"
    assert not caplog.text


def test_secrets_are_blotted_out_of_tracebacks_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(["123:AAE4x"]))
    logger = logging.Logger("a library")
    logger.addHandler(handler)
    try:
        raise ValueError("https://api.telegram.org/bot123:AAE4x/getMe")
    except ValueError:
        logger.exception("POST %s", "https://api.telegram.org/bot123:AAE4x/getMe")
    assert "AAE4x" not in stream.getvalue()
    assert stream.getvalue().count("[secret]") == 3


@pytest.mark.parametrize(
    "words", [["--api", "127.0.0.1:8080"], ["--api", "http://x", "--telegram-url", "ftp://y"]]
)
def test_an_address_that_is_none_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bot", *words]) == 1
    assert "is no address; write it like http://127.0.0.1:8080" in capsys.readouterr().err
