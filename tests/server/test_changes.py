"""What a reader of the brief live stream believes is what a reader of everything knows."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stallaini.server.api.models import ChannelValue, Now
from stallaini.server.changes import Changes
from stallaini.server.times import iso

START_S = 1_794_830_400.0
AGE_MAY_BE_OFF_S = 1.6
FIELDS = 40


class Reader:
    """A page: it is told `now` once and `changes` from then on, as docs/reference/http-api.md says."""

    def __init__(self, first: Now) -> None:
        self.channels = [channel.model_dump() | {"follows": False} for channel in first.channels.values()]
        self.state = first.state

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take one `changes` event."""
        self.state = said.get("s", self.state)
        common_s = said.get("a")
        for channel in self.channels:
            if channel["follows"] and common_s is not None:
                channel["age_s"] = common_s
            elif channel["age_s"] is not None:
                channel["age_s"] += said["t"]
        for index, value in _groups(said.get("v", []), 2):
            self.channels[index] |= {"value": value, "age_s": common_s, "follows": True}
        for index, value, age_s in _groups(said.get("o", []), 3):
            self.channels[index] |= {"value": value, "age_s": age_s, "follows": False}
        for index, quality in said.get("q", {}).items():
            self.channels[int(index)]["quality"] = quality
        for index, text in said.get("x", {}).items():
            self.channels[int(index)]["text"] = text


def _groups(flat: list[Any], size: int) -> list[list[Any]]:
    return [flat[at : at + size] for at in range(0, len(flat), size)]


values = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from([0, 1, 2.5, -40, True, False]),
        st.floats(0, 200).map(lambda age_s: round(age_s, 1)),
        st.sampled_from(["fresh", "stale"]),
        st.sampled_from([None, "curtailed"]),
    ),
)
moments = st.lists(
    st.tuples(st.floats(0, 90), st.lists(values, min_size=4, max_size=4)), min_size=1, max_size=8
)


def a_now(at_s: float, row: list[Any], state: str = "live") -> Now:
    channels = {
        f"battery.{index}": ChannelValue(value=None, unit="A", age_s=None, quality="absent")
        if value is None
        else ChannelValue(value=value[0], unit="A", age_s=value[1], quality=value[2], text=value[3])
        for index, value in enumerate(row)
    }
    ages = [channel.age_s for channel in channels.values() if channel.age_s is not None]
    return Now(
        site="lab",
        at=iso(at_s),
        state=state,  # type: ignore[arg-type]
        age_s=min(ages, default=None),
        channels=channels,
    )


@given(moments)
def test_after_any_changes_the_reader_knows_values_and_qualities_exactly_and_ages_nearly(
    rows: list[tuple[float, list[Any]]],
) -> None:
    at_s = START_S
    first = a_now(at_s, rows[0][1])
    told, reader = Changes(first), Reader(first)
    for later_s, row in rows[1:]:
        at_s += later_s
        now = a_now(at_s, row)
        name, data = told.next(now)
        assert name == "changes"
        reader.hear(json.loads(data))
        assert reader.state == now.state
        for held, channel in zip(reader.channels, now.channels.values(), strict=True):
            assert (held["value"], held["quality"]) == (channel.value, channel.quality)
            assert held.get("text") == channel.text
            if channel.age_s is not None:
                assert abs(held["age_s"] - channel.age_s) <= AGE_MAY_BE_OFF_S


def test_other_channels_are_told_as_a_whole() -> None:
    told = Changes(a_now(START_S, [None]))
    name, data = told.next(a_now(START_S + 5, [None, (1, 0.0, "fresh", None)]))
    assert (name, len(json.loads(data)["channels"])) == ("now", 2)


def test_a_live_message_of_forty_channels_is_told_in_less_than_100_bytes() -> None:
    def row(number: int) -> list[Any]:
        # Of forty channels a dozen move each time, a few are read once a minute, flags stand still.
        moving: list[Any] = [
            (
                round(52 + 0.13 * (number * (index + 3) % 17), 2),
                round(0.3 + index % 3 * 0.2, 1),
                "fresh",
                None,
            )
            for index in range(12)
        ]
        slow = [(7.0, 5.0 * (number % 12) + 2, "fresh", None) for _ in range(4)]
        return [*moving, *slow, *[(False, 0.4, "fresh", None)] * (FIELDS - len(moving) - len(slow))]

    told = Changes(a_now(START_S, row(0)))
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packer.compress(a_now(START_S, row(0)).model_dump_json().encode())
    packer.flush(zlib.Z_SYNC_FLUSH)
    sizes = []
    for number in range(1, 60):
        event, data = told.next(a_now(START_S + 5 * number, row(number)))
        sent = packer.compress(f"event: {event}\ndata: {data}\n\n".encode())
        sizes.append(len(sent + packer.flush(zlib.Z_SYNC_FLUSH)))
    assert max(sizes[2:]) < 100
    assert sum(sizes) / len(sizes) < 75
