"""What is said of loads, and the orders that buttons carry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.bot.api_client import Load, Now, Site, SiteRow, Value
from stallaini.bot.api_doings import Command, CommandState
from stallaini.bot.asking import Button
from stallaini.bot.load_card import Order, loads_card, progress, question, read_order
from stallaini.bot.texts import EN, IT

ROW = SiteRow(site="noto", title="Stalla & sons", timezone="Europe/Rome", state="live")
PUMP = Load("well_pump", "Well pump", 2200.0)
SITE = Site(site="noto", title="Stalla & sons", timezone="Europe/Rome", loads=(PUMP,))


def now(power: Value | None) -> Now:
    channels = {} if power is None else {"load.well_pump.power": power}
    return Now(site="noto", at=datetime(2026, 11, 23, tzinfo=UTC), state="live", age_s=1.0, channels=channels)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "rated 2,200 W; not known whether it runs"),
        (Value(None, "W", None, "absent"), "rated 2,200 W; not known whether it runs"),
        (Value(2180.0, "W", 1.0, "fresh"), "running, 2,180 W"),
        (Value(3.0, "W", 1.0, "fresh"), "off"),
        (Value(2180.0, "W", 7200.0, "stale"), "running, 2,180 W ⚠️ (2 h old)"),
    ],
)
def test_a_load_runs_as_far_as_its_meter_says(value: Value | None, said: str) -> None:
    assert loads_card(ROW, SITE, now(value), EN).splitlines()[2] == f"• <b>Well pump</b>: {said}"


@given(
    st.sampled_from(["run", "stop"]), st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.integers(0, 10**10)
)
def test_an_order_survives_its_button(do: str, load: str, asked_s: int) -> None:
    order = Order(do, load, 180, asked_s)
    assert read_order(order.span()) == order


@pytest.mark.parametrize(
    "span", ["", "again", "run,well_pump", "jump,well_pump,1,1", "run,x,-1,0", "run,x,1,y"]
)
def test_what_is_no_order_is_none(span: str) -> None:
    assert read_order(span) is None


def test_the_questions_buttons_fit() -> None:
    load = Load("a_load_named_20_char", "x", 1.0)
    for do in ("run", "stop"):
        _, rows = question("a-site-of-16-lts", load, Order(do, load.name), 1_795_425_460, IT)
        assert all(button.fits() for row in rows for _, button in row)
        assert rows[-1][-1] == ("No", Button("loads", "a-site-of-16-lts", "again"))


@pytest.mark.parametrize("state", get_args(CommandState))
def test_every_end_of_an_order_has_words(state: Any) -> None:
    said = progress(PUMP, Order("stop", "well_pump"), Command(1, state, "too <late>"), IT)
    assert said.endswith("(too &lt;late&gt;)")
    assert said.splitlines()[1].startswith(IT.load_states[state])
