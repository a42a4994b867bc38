"""The stand-in for Telegram that `stallaini bench alarm` times, and what the bench says of the times."""

from __future__ import annotations

from stallaini.bot.post import TelegramPost
from stallaini.ops.bench.alarm import figures
from stallaini.ops.bench.alarm_telegram import TOKEN, TelegramBench


async def test_a_message_of_the_real_sender_is_accepted_and_timed() -> None:
    telegram = TelegramBench(lambda: 12.5)
    post = TelegramPost(TOKEN, await telegram.start())
    message_id = await post.send(500, "<b>Battery low</b>", (("ok", "ack|a|"),))
    await post.edit(500, message_id, "over", ())
    await post.close()
    await telegram.close()
    assert telegram.accepted.get_nowait() == ("<b>Battery low</b>", 12.5)
    assert telegram.accepted.empty()


def test_the_slowest_hundredth_is_told() -> None:
    found = figures([0.1] * 98 + [0.4, 1.5])
    assert [figure.value for figure in found] == [0.1, 0.4, 1.5]
