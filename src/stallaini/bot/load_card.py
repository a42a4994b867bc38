"""What `/loads` says, and the orders that its buttons carry. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stallaini.bot.api_client import Load, Now, Site, SiteRow, Value
from stallaini.bot.api_doings import Command
from stallaini.bot.asking import Button
from stallaini.bot.texts import Texts
from stallaini.bot.wording import age, escape, number

RUN, STOP = "run", "stop"
GOOD_FOR_S = 300
"""A question `shall I?` is answered within so many seconds, or it must be asked anew."""

_RUN_MINUTES = (15, 60, 180)
_RUNS_ABOVE = 0.05
"""A load that takes this share of its rated power runs."""
_OLD_S = 150.0


class Order(NamedTuple):
    """What to do with which load: without `asked_s` it is still to be confirmed."""

    do: str
    load: str
    minutes: int = 0
    asked_s: int = 0

    def span(self) -> str:
        """The order as a button carries it."""
        return f"{self.do},{self.load},{self.minutes},{self.asked_s}"


def read_order(span: str) -> Order | None:
    """The order of a pressed button, or None where it is none."""
    parts = span.split(",")
    if len(parts) != 4 or parts[0] not in (RUN, STOP) or not all(part.isdecimal() for part in parts[2:]):
        return None
    return Order(parts[0], parts[1], int(parts[2]), int(parts[3]))


def loads_card(site: SiteRow, detail: Site, now: Now, texts: Texts) -> str:
    """Each load and whether it runs, as far as that is measured."""
    lines = [f"• <b>{escape(load.title)}</b>: {_doing(load, now, texts)}" for load in detail.loads]
    return "\n".join([f"<b>{escape(site.title)}</b> · {texts.loads_title}", "", *lines])


def _doing(load: Load, now: Now, texts: Texts) -> str:
    power = _power(load, now)
    if power is None or power.age_s is None:
        return texts.load_unknown.format(power=number(load.power_w, 0, texts))
    power_w = float(power.value or 0.0)
    running = abs(power_w) > _RUNS_ABOVE * load.power_w
    said = texts.load_on.format(power=number(power_w, 0, texts)) if running else texts.load_off
    if power.age_s <= _OLD_S:
        return said
    return f"{said} ⚠️ ({texts.old_value.format(age=age(power.age_s, texts))})"


def _power(load: Load, now: Now) -> Value | None:
    for name in (f"load.{load.name}.power", f"{load.name}.power"):
        value = now.channels.get(name)
        if value is not None and value.value is not None:
            return value
    return None


def load_buttons(site: str, loads: Sequence[Load], texts: Texts) -> list[list[tuple[str, Button]]]:
    """To run and to stop each load; both only ask whether they are meant."""
    return [
        [
            (f"▶ {texts.load_run} {load.title}", Button("load", site, Order(RUN, load.name).span())),
            (f"⏹ {texts.load_stop}", Button("load", site, Order(STOP, load.name).span())),
        ]
        for load in loads
    ]


def question(
    site: str, load: Load, order: Order, asked_s: int, texts: Texts
) -> tuple[str, list[list[tuple[str, Button]]]]:
    """Whether it is meant, with the buttons that do it."""
    cancel = [(texts.cancel, Button("loads", site, "again"))]
    if order.do == STOP:
        sure = Button("load", site, Order(STOP, load.name, 0, asked_s).span())
        text = texts.load_stop_sure.format(load=escape(load.title))
        return text, [[(texts.load_stop_yes, sure), *cancel]]
    times = [
        (age(minutes * 60, texts), Button("load", site, Order(RUN, load.name, minutes, asked_s).span()))
        for minutes in _RUN_MINUTES
    ]
    return texts.load_run_sure.format(load=escape(load.title)), [times, cancel]


def progress(load: Load, order: Order, command: Command, texts: Texts) -> str:
    """How far an order has come."""
    title = escape(load.title)
    if order.do == RUN:
        head = texts.load_asked_run.format(load=title, time=age(order.minutes * 60, texts))
    else:
        head = texts.load_asked_stop.format(load=title)
    reason = f" ({escape(command.reason)})" if command.reason else ""
    return f"{head}\n{texts.load_states[command.state]}{reason}"
