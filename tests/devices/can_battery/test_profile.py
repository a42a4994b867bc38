"""Profile files: a brand is data, and a mistake in it is named."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from stallaini.devices.can_battery.detect import signatures
from stallaini.devices.can_battery.profile import fields, load_profile, profile_names
from stallaini.errors import OperatorError
from stallaini.site.kinds import parse_manifest


def own(tmp_path: Path, text: str) -> str:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


HEAD = 'name = "own"\ntitle = "Own"\nextends = "generic"\n'


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_under_its_file_name(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile.spoken_by
    assert {"voltage", "current", "soc", "charge_current_limit"} <= profile.fields()


def test_the_manifest_offers_what_the_profiles_give_and_no_more() -> None:
    given = frozenset().union(*(load_profile(name).fields() for name in profile_names()))
    assert given | {"power"} == set(fields())


def test_the_manifest_lets_every_profile_be_chosen() -> None:
    text = resources.files("stallaini.devices.can_battery").joinpath("manifest.toml").read_text("utf-8")
    (setting,) = [setting for setting in parse_manifest(text).settings if setting.name == "profile"]
    assert set(setting.choices) == {"auto", *profile_names()}


def test_a_child_replaces_frames_and_adds_to_them() -> None:
    generic, plus = load_profile("generic"), load_profile("pylon-plus")
    (before,), (after,) = generic.layouts[0x359], plus.layouts[0x359]
    assert len(after.flags) == len(before.flags) + 1
    assert len(generic.layouts[0x35F]) == 3
    assert len(load_profile("sma").layouts[0x35F]) == 1
    assert load_profile("victron").layouts[0x355] == load_profile("sma").layouts[0x355]
    assert plus.gate("voltage") == (40, 60)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "Invalid value"),
        ('name = "own"\n', "missing required field `title`"),
        (HEAD + "colour = 3\n", "unknown field `colour`"),
        (HEAD.replace("generic", "genric"), "did you mean 'generic'"),
        (
            HEAD
            + '[[frame]]\nid = 0x351\ntitle = "t"\nnumbers = [{ field = "volts", at = 0, type = "u16" }]\n',
            "0x351: no channel 'volts'",
        ),
        (
            HEAD
            + '[[frame]]\nid = 0x351\ntitle = "t"\nnumbers = [{ field = "soc", at = 7, type = "u16" }]\n',
            "0x351: a field lies outside",
        ),
        (
            HEAD
            + '[[frame]]\nid = 0x351\ntitle = "t"\nnumbers = [{ field = "soc", at = 0, type = "u24" }]\n',
            "Invalid enum value 'u24'",
        ),
        (
            HEAD + '[[frame]]\nid = 0x351\ntitle = "t"\nflags = [{ field = "charge_enabled", at = 0 }]\n',
            "needs either bit",
        ),
        (HEAD + '[[frame]]\nid = 0x351\ntitle = "t"\nordered = [["soc", "soh"]]\n', "must name two fields"),
        (HEAD + "[gates]\ncolour = [0, 1]\n", "neither a field nor a quantity"),
        (HEAD + '[[burst]]\nid = 0x351\ntemplate = "000000000000000000"\n', "at most 8 bytes"),
        (HEAD + '[[burst]]\nid = 0x351\ntemplate = "0g"\n', "non-hexadecimal"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(OperatorError, match=r"battery profile .*own\.toml|did you mean") as caught:
        load_profile(path)
    assert complaint in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No such file"):
        load_profile(str(tmp_path / "none.toml"))


def test_signatures_name_profiles_or_dialects_known_to_have_none() -> None:
    without = {signature.profile for signature in signatures()} - set(profile_names())
    assert without == {"growatt-lv", "pytes-native"}
