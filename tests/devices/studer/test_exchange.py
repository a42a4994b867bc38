"""What both masters share: debts that lapse, middle values."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.studer.exchange import Debts, agree, middle

_VALUE = st.floats(allow_nan=True)


def test_debts_are_paid_oldest_first_and_lapse() -> None:
    debts: Debts[str] = Debts()
    debts.owe("a", 0.0, 6.0)
    debts.owe("b", 1.0, 6.0)
    debts.owe("a", 2.0, 6.0)
    assert debts.left_s(3.0) == 5.0
    assert debts.pay(lambda asked: asked == "a")
    assert not debts.pay(lambda asked: asked == "c")
    assert debts.left_s(7.0) == 1.0
    assert len(debts) == 1
    assert debts.left_s(8.0) == 0.0


def test_debts_of_a_silent_gateway_do_not_pile_up() -> None:
    debts: Debts[int] = Debts()
    for at in range(1000):
        debts.owe(at, float(at), 6.0)
    assert len(debts) <= 7


@given(_VALUE, _VALUE)
def test_one_wrong_value_among_three_is_outvoted(true: float, wrong: float) -> None:
    for three in ((true, true, wrong), (true, wrong, true), (wrong, true, true)):
        (found,) = middle([(value,) for value in three])
        assert agree((found,), (true,))


def test_nan_agrees_with_nan_alone() -> None:
    assert agree((math.nan, 1.0), (math.nan, 1.0))
    assert not agree((math.nan,), (0.0,))
