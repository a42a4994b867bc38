"""What devices are asked agrees with the maker's table and with what the manifests offer."""

from __future__ import annotations

from pathlib import Path

import pytest

from stallaini.devices.catalogue import load_kinds
from stallaini.devices.studer.device import KINDS
from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.objects import StuderObject, info_at
from stallaini.devices.studer.polling import Poll, load_polling, parse_polling
from stallaini.devices.studer.polling_reference import fill
from stallaini.site.quantities import QUANTITIES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "studer-polling.md"
ADDRESS = {
    "studer_xtender": 101,
    "studer_variotrack": 301,
    "studer_variostring": 701,
    "studer_bms": 601,
}
# A unit of the table, and what one of it is in the unit of the quantity.
UNITS = {
    ("kW", "W"): 1000, ("W", "W"): 1, ("kVA", "VA"): 1000, ("V", "V"): 1, ("A", "A"): 1, ("Adc", "A"): 1,
    ("Hz", "Hz"): 1, ("kWh", "kWh"): 1, ("MWh", "kWh"): 1000, ("%", "%"): 1, ("°C", "degC"): 1,
    ("Ah", "Ah"): 1, ("", ""): 1,
}  # fmt: skip
AGGREGATES = {"minute avg": "mean", "minute max": "max", "minute min": "min"}


def polled(kind: str) -> list[tuple[Poll, StuderObject]]:
    return [(poll, info_at(ADDRESS[kind], poll.nr)) for poll in load_polling(kind).polls]


@pytest.mark.parametrize("kind", KINDS)
def test_every_info_is_in_the_table_with_a_unit_that_fits(kind: str) -> None:
    quantities = {channel.field: QUANTITIES[channel.quantity] for channel in load_kinds()[kind].channels}
    for poll, known in polled(kind):
        quantity = quantities[poll.field]
        if quantity.name in ("flag", "state"):
            assert known.format is Format.SHORT_ENUM, known
            assert poll.scale == 1
        else:
            assert known.format is Format.FLOAT, known
            assert UNITS[known.unit.split()[-1] if known.unit else "", quantity.unit] == poll.scale, known
        assert bool(poll.one_of) == (quantity.name == "flag"), known


@pytest.mark.parametrize("kind", KINDS)
def test_an_aggregate_is_the_one_the_table_says_or_a_live_value_slow_by_nature(kind: str) -> None:
    for poll, known in polled(kind):
        said = next((ours for theirs, ours in AGGREGATES.items() if theirs in known.name), None)
        assert poll.aggregate == said or (poll.aggregate is None and "temperature" in poll.field), known
        assert poll.aggregate is None or poll.every_s == 60, known


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_has_a_word_for_every_number_of_the_table(kind: str) -> None:
    states = {channel.field: dict(channel.states) for channel in load_kinds()[kind].channels}
    for poll, known in polled(kind):
        if states[poll.field]:
            assert set(states[poll.field]) == {nr for nr, text in known.options.items() if text != "---"}, (
                known
            )
        assert set(poll.one_of) <= set(known.options), known


@pytest.mark.parametrize("kind", KINDS)
def test_every_channel_is_fed_and_stale_only_after_three_answers_that_did_not_come(kind: str) -> None:
    fed = {poll.field: poll.every_s for poll in load_polling(kind).polls if poll.aggregate is None}
    for channel in load_kinds()[kind].channels:
        assert channel.stale_after_s >= 2 * fed[channel.field] + 10, channel
        assert channel.stale_after_s <= 4 * fed[channel.field] + 10, channel


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_believed_is_never_more_than_the_quantity_can_hold(kind: str) -> None:
    quantities = {channel.field: QUANTITIES[channel.quantity] for channel in load_kinds()[kind].channels}
    for poll in load_polling(kind).polls:
        quantity = quantities[poll.field]
        if quantity.name not in ("flag", "state", "count", "day_energy", "energy", "charge"):
            assert quantity.low <= poll.low < poll.high <= quantity.high, poll


def test_too_much_sun_is_told_from_too_much_heat() -> None:
    meanings = {"studer_variotrack": {"Charge V", "Charge I", "Ch. Ibsp"}, "studer_variostring": None}
    for kind in meanings:
        (poll, known), *_ = [(poll, known) for poll, known in polled(kind) if poll.field == "curtailed"]
        words = {known.options[nr].replace(" ", "").replace(".", "") for nr in poll.one_of}
        assert words == {"ChargeV", "ChargeI", "ChIbsp"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[identity]\nprobe = 1\n[[info]]\nnr = 1\nfield = 'a'\nevery_s = 7\n", "every_s is one of"),
        ("[identity]\nprobe = 1\n[[info]]\nnr = 1\nevery_s = 10\n", "missing required field `field`"),
        ("[[info]]\nnr = 1\nfield = 'a'\nevery_s = 10\n", "identity"),
    ],
)
def test_a_wrong_file_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_polling(text)


def test_the_page_tells_what_is_asked() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert fill(page) == page, f"run: python -m stallaini.devices.studer.polling_reference {PAGE}"
    with pytest.raises(ValueError, match="no place for the tables"):
        fill("nothing")
