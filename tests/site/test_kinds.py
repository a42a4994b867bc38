"""Manifests: what a device kind may declare, and how a wrong one is refused."""

from __future__ import annotations

import pytest
from tests.support.sites import BATTERY_MANIFEST

from stallaini.devices.catalogue import load_kinds
from stallaini.site.kinds import ChannelKind, SettingKind, parse_manifest
from stallaini.site.quantities import QUANTITIES


def test_a_manifest_declares_channels_and_settings() -> None:
    kind = parse_manifest(BATTERY_MANIFEST)
    assert (kind.name, kind.title, kind.proven) == ("battery_kind", "A battery", "in this test")
    assert kind.channels[0] == ChannelKind("voltage", "voltage", QUANTITIES["voltage"].aggregates)
    assert kind.channels[2] == ChannelKind("power", "power", ())
    assert kind.settings[0] == SettingKind("bus", required=True, help="where it is")
    assert kind.settings[1].choices == ("auto", "pylontech-1.2", "victron")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('name = "x"', "`name` and `title` are required"),
        ('name = "x"\ntitle = "y"\ncolour = 3', "unknown keys"),
        ('name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "volts" }]', "known quantity"),
        ('name = "x"\ntitle = "y"\nsetting = [{ name = "a" }, { name = "a" }]', "declared twice"),
        ('name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "soc", needs = 3 }]', "least number"),
        (
            'name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "soc", needs = ["b", 3] }]',
            "no such setting",
        ),
        ('name = "x"\ntitle = "y"\nsetting = [{ name = "a", type = "list" }]', "type must be one of"),
        ('name = "x"\ntitle = "y"\nsetting = [{ name = "a", colour = 1 }]', "known keys"),
        ('name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "state" }]', "needs `states`"),
        (
            'name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "soc", states = { 1 = "b" } }]',
            "nothing else",
        ),
        (
            'name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "state", states = { b = "c" } }]',
            "by their numbers",
        ),
        ('name = "x"\ntitle = "y"\nchannel = [{ field = "a", quantity = "soc", late = 1 }]', "unknown keys"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_wrong_manifest_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_manifest(text)


def test_a_channel_may_need_a_setting_to_be_large_enough() -> None:
    kind = parse_manifest(
        'name = "x"\ntitle = "y"\nsetting = [{ name = "parts", type = "int", default = 2 }]\n'
        'channel = [{ field = "a", quantity = "soc", needs = ["parts", 2] }]'
    )
    (channel,) = kind.channels
    assert [channel.exists({"parts": parts}) for parts in (1, 2, 3)] == [False, True, True]
    assert not channel.exists({})


def test_every_manifest_of_this_install_is_sound() -> None:
    kinds = load_kinds()
    assert {"can_battery", "studer_rcc"} <= set(kinds)
    assert all(kind.proven for kind in kinds.values())


def test_every_quantity_declares_what_the_wire_and_the_page_need() -> None:
    for quantity in QUANTITIES.values():
        assert set(quantity.aggregates) <= set(quantity.fitting) <= {"mean", "min", "max", "last"}
        assert quantity.low < quantity.high
        assert quantity.from_fixed(quantity.to_fixed(quantity.high)) == quantity.high
        assert quantity.sign
