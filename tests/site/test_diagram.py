"""The single-line diagram: everything of a site is on it, joined, within the sheet, in both languages."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from stallaini.site.description import Description, DeviceSpec, LoadSpec
from stallaini.site.diagram import Extras, diagram

SVG = "{http://www.w3.org/2000/svg}"
BATTERY = DeviceSpec("battery", "can_battery", "Battery")
CHARGER = DeviceSpec("solar", "studer_variotrack", "Solar charger")
INVERTER = DeviceSpec("inverter", "studer_xtender", "Inverter")
CELLS = DeviceSpec("cells", "pylontech_rs485", "Battery cells")
PUMP = LoadSpec("pump", "Well pump", 2200.0)


def site(*devices: DeviceSpec, loads: tuple[LoadSpec, ...] = ()) -> Description:
    return Description("noto", "Noto", "Europe/Rome", None, None, devices, (), (), loads)


def texts(drawn: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def test_a_whole_house_has_every_device_every_load_and_both_bars() -> None:
    drawn = diagram(site(BATTERY, CHARGER, INVERTER, CELLS, loads=(PUMP,)))
    told = {"Battery", "Solar charger", "Inverter", "Battery cells", "Well pump", "2.2 kW", "DC", "AC"}
    assert told | {"Solar array", "Generator", "House"} <= set(texts(drawn))
    assert "not watched" not in texts(drawn)


def test_what_must_be_there_and_nothing_tells_of_is_drawn_as_not_watched() -> None:
    drawn = diagram(site(BATTERY, loads=(PUMP,)), "en", Extras("9 × 260 W", {"battery": "can0"}))
    assert texts(drawn).count("not watched") == 2
    assert {"9 × 260 W", "can0"} <= set(texts(drawn))
    assert "Generator" not in texts(drawn)


def test_a_device_that_tells_of_a_battery_stands_for_it_where_there_is_no_other() -> None:
    alone, beside = texts(diagram(site(CELLS))), texts(diagram(site(BATTERY, CELLS)))
    assert "Data" not in alone
    assert "Data" in beside


def test_italian_words_and_numbers() -> None:
    drawn = diagram(site(BATTERY, INVERTER, loads=(PUMP,)), "it")
    assert {"Casa", "Generatore", "2,2 kW"} <= set(texts(drawn))


def test_titles_are_text_never_markup() -> None:
    drawn = diagram(site(DeviceSpec("b", "can_battery", "<b>&\"'")))
    assert "<b>&\"'" in texts(drawn)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_nothing_leaves_the_sheet_however_much_there_is(count: int) -> None:
    many = tuple(
        DeviceSpec(f"{one.name}{n}", one.kind, one.title)
        for one in (CHARGER, INVERTER, BATTERY)
        for n in range(count)
    )
    loads = tuple(LoadSpec(f"l{n}", f"A load of a long name {n}", 100.0) for n in range(count))
    root = ElementTree.fromstring(diagram(site(*many, loads=loads)))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width
        assert 0 < float(text.attrib["y"]) < height
    for path in root.iter(f"{SVG}path"):
        starts = re.findall(r"M(-?[\d.]+) ?(-?[\d.]+)", path.attrib["d"])
        assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in starts)
