"""The outbox, for the bot: what is to be shown in Telegram, and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from stallaini.server.alarms import words
from stallaini.server.alarms.desk import AlarmDesk
from stallaini.server.alarms.outbox import Item, Report
from stallaini.server.api import alarm_models as shapes
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import PREFIX, BotActor, Parts

_LONGEST_WAIT_S = 30.0
_SNOOZE_MIN = 60

router = APIRouter(prefix=PREFIX, tags=["outbox"], responses=problems(401, 403, 422))


@router.get("/outbox")
async def read_outbox(
    parts: Parts, _: BotActor, wait_s: Annotated[float, Query(ge=0, le=_LONGEST_WAIT_S)] = 0.0
) -> shapes.Outbox:
    """What is to be shown in Telegram now; waits so long for something. Needs a token with the role bot."""
    items = await parts.alarms.waiting("telegram", wait_s)
    return shapes.Outbox(items=[await shown_item(parts.alarms, item) for item in items])


@router.post("/outbox/seen", status_code=204)
async def see_message(request: shapes.MessageSeen, parts: Parts, _: BotActor) -> None:
    """Tell the newest message id seen in a chat: what was sent after it can be looked for there.

    Needs a token with the role bot.
    """
    await parts.alarms.see_message(request.chat_id, request.message_id)


@router.post("/outbox/{id}", status_code=204, responses=problems(404))
async def report(
    id_: Annotated[str, Path(alias="id", min_length=1, max_length=40)],
    request: shapes.OutboxReport,
    parts: Parts,
    _: BotActor,
) -> None:
    """Tell what became of a message; durable when answered. Needs a token with the role bot."""
    said = Report(
        request.state,
        request.version,
        None if request.message_id is None else str(request.message_id),
        request.attempt,
        request.error,
        request.retry_after_s,
    )
    if not await parts.alarms.report(id_, said):
        raise Problem(404, "unknown-message", f"there is no message {id_!r} in the outbox")


async def shown_item(desk: AlarmDesk, item: Item) -> shapes.OutboxItem:
    """A message as the bot gets it."""
    message = await desk.message(item)
    row = item.row
    return shapes.OutboxItem(
        id=row.id,
        version=row.wanted if item.alarm is None else item.alarm.version,
        chat_id=int(row.address),
        alarm=None if item.alarm is None else item.alarm.id,
        html=message.html(),
        buttons=_buttons(item),
        message_id=None if row.message is None else int(row.message),
        attempt=row.attempt if row.sending else None,
        newest_id=await desk.newest_message(int(row.address)),
    )


def _buttons(item: Item) -> list[shapes.OutboxButton]:
    """For those who may act; what a group's members may do is asked when one of them presses."""
    alarm, group = item.alarm, item.row.address.startswith("-")
    if alarm is None:
        return []
    texts = words.LANGUAGES[item.reader.language]
    # Every alarm's message has a button of its own: by it a message is known again whose sending was cut.
    buttons = [shapes.OutboxButton(label=texts.more, action="alarm", minutes=None)]
    if not alarm.open or not (group or item.reader.grants.allow("operator", alarm.site)):
        return buttons
    buttons.insert(0, shapes.OutboxButton(label=texts.snooze, action="snooze", minutes=_SNOOZE_MIN))
    if alarm.acked_by is None:
        buttons.insert(0, shapes.OutboxButton(label=texts.take, action="ack", minutes=None))
    return buttons
