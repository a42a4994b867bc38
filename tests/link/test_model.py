"""A model is found again by its id, says what it knows of a kind never seen, and refuses what is none."""

from __future__ import annotations

import msgspec
import pytest

from stallaini.link.messages import Minute
from stallaini.link.model import (
    FORMAT,
    Model,
    ModelError,
    SeriesKind,
    decode_model,
    series_kinds,
    shipped_model,
)
from stallaini.link.model_fit import Tally
from stallaini.link.model_slots import SLOTS
from stallaini.link.rangecoder import EVEN
from stallaini.site.description import ChannelSpec, Description, SeriesSpec
from stallaini.site.quantities import QUANTITIES

VOLTAGE = SeriesKind("battery.voltage.mean", "voltage", "mean", 0.01, "battery.voltage")


def test_a_series_takes_the_most_special_odds_there_are() -> None:
    model = Model(
        {
            "*": {1: 100, 2: 100, 3: 100, 4: 100},
            "voltage": {2: 200, 3: 200, 4: 200},
            "voltage.mean/0.01": {3: 300, 4: 300},
            "=battery.voltage.mean": {4: 400},
        }
    )
    assert list(model.odds(VOLTAGE)[:5]) == [EVEN, 100, 200, 300, 400]
    assert list(model.odds(VOLTAGE._replace(name="other"))[:5]) == [EVEN, 100, 200, 300, 300]
    assert list(model.odds(VOLTAGE._replace(resolution=0.1))[1:5]) == [100, 200, 200, 400]
    assert list(model.odds(SeriesKind("x", "sound", "max", 1))[:5]) == [EVEN, 100, 100, 100, 100]


def test_sites_share_the_odds_of_one_kind() -> None:
    other = VOLTAGE._replace(name="another.voltage.mean")
    assert shipped_model().odds(VOLTAGE) is shipped_model().odds(other)


def test_a_model_comes_back_from_its_file_under_the_same_id() -> None:
    model = Model({"*": {0: 1, SLOTS - 1: 65_535}, "soc": {7: 5}}, ["a log: 3 days"])
    again = decode_model(model.encode())
    assert again.id == model.id
    assert again.encode() == model.encode()
    assert again.trained_on == ("a log: 3 days",)
    assert Model({"*": {0: 2}}).id != Model({"*": {0: 1}}).id


def test_the_shipped_model_is_for_ever_the_same_and_small() -> None:
    # Codec 2 means this model: a better one gets a number of its own, or old edges are misread.
    assert shipped_model().id.hex() == "6086ec5b"
    assert len(shipped_model().encode()) < 60_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "stallaini-minute-model-0"}, "this version reads"),
        ({"slots": SLOTS + 1}, "slots"),
        ({"tables": {"*": [0, 5, 1]}}, "not pairs"),
        ({"tables": {"*": [-1, 5]}}, "not pairs"),
        ({"tables": {"*": [0, 0]}}, "odds 0"),
        ({"tables": {"*": [0, 65_536]}}, "odds 65536"),
        ({"tables": {"*": [SLOTS, 5]}}, "slot"),
        ({"more": 1}, "not a minute model"),
    ],
)
def test_what_is_no_model_is_refused(change: dict[str, object], says: str) -> None:
    good = {"format": FORMAT, "slots": SLOTS, "trained_on": [], "tables": {"*": [0, 5]}}
    decode_model(msgspec.json.encode(good))
    with pytest.raises(ModelError, match=says):
        decode_model(msgspec.json.encode(good | change))


def test_the_description_tells_the_kinds() -> None:
    description = Description(
        site="s", title="S", timezone="UTC", latitude=None, longitude=None, devices=(), loads=(),
        channels=(ChannelSpec("battery.voltage", "voltage", "V", 0.01, 5),),
        series=(
            SeriesSpec("battery.voltage.mean", "battery.voltage", "mean", "V", 0.01),
            SeriesSpec("lost.max", "lost", "max", "", 1),
        ),
    )  # fmt: skip
    assert series_kinds(description) == (VOLTAGE, SeriesKind("lost.max", "*", "max", 1, "lost"))
    assert VOLTAGE.device == "battery"


def test_what_was_learned_makes_the_usual_likely() -> None:
    tally = Tally()
    tally.learn([VOLTAGE], [Minute(number, (5200 + number % 2,)) for number in range(600)])
    model = tally.fit(["made up"])
    changes = sum(odds < EVEN // 4 for odds in model.odds(VOLTAGE))
    assert changes
    assert model.trained_on == ("made up",)
    assert not any(name.startswith("=") for name in msgspec.json.decode(model.encode())["tables"])


def test_every_quantity_of_ours_has_odds_in_the_shipped_model() -> None:
    anything = shipped_model().odds(SeriesKind("x", "sound", "max", 1))
    for quantity in QUANTITIES.values():
        kind = SeriesKind("x", quantity.name, quantity.aggregates[0], quantity.resolution)
        assert shipped_model().odds(kind) is not anything, quantity.name
