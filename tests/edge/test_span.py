"""A thinned record keeps its span on the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stallaini.link.codec import DEFAULT_CODEC
from stallaini.link.messages import Minute

minutes = st.builds(
    Minute,
    st.integers(0, 2**32 - 1),
    st.tuples(*[st.none() | st.integers(-500, 500)] * 3),
    st.just(1) | st.integers(1, 1440),
)


@given(st.none() | minutes, st.lists(minutes))
def test_thinned_and_plain_minutes_come_back_as_they_were(base: Minute | None, sent: list[Minute]) -> None:
    encoder = DEFAULT_CODEC.encoder(base)
    for minute in sent:
        encoder.add(minute)
    assert DEFAULT_CODEC.decode(encoder.finish(), base, width=3) == sent


def test_the_minute_after_a_thinned_one_costs_no_number() -> None:
    encoder = DEFAULT_CODEC.encoder(None)
    first = encoder.add(Minute(60, (1, 2, 3), span_minutes=15))
    assert encoder.add(Minute(75, (1, 2, 3))) == first + 1
