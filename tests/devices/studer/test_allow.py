"""The list of what may be written: what it says, what a mistake in it does, that the page says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stallaini.devices.studer.allow import (
    Check,
    Permission,
    Policy,
    allow_list,
    parse_allow_list,
    single_device,
)
from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.intents import Intent, Refused, SiteLimits
from stallaini.devices.studer.judge import Range, fitting_value, permitted, software_fits
from stallaini.devices.studer.objects import Family
from stallaini.devices.studer.writes_reference import fill

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "studer-writes.md"
XT_INPUT_LIMIT = allow_list().permissions[Family.XT, 1107]
NOBODY_KNOWS = SiteLimits()

LIST = """
[versions]
xt = { least = "1.6.12", infos = [3130, 3131] }
[[allow]]
family = "xt"
nr = 1202
policy = "automatic"
writes = 60
lapse = "flash"
reassert = true
note = "AUX1"
confirm = [{ info = 3054, told = { 4 = 3 } }]
[[deny]]
nrs = "1163-1165, 1550"
why = "equalisation"
"""


def test_the_page_holds_the_list() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert fill(page) == page, f"run: python -m stallaini.devices.studer.writes_reference {PAGE}"
    with pytest.raises(ValueError, match="no place for the tables"):
        fill("nothing")


def test_nothing_that_could_darken_the_house_is_automatic() -> None:
    assert {nr: allow_list().permissions[Family.XT, nr].policy for nr in (1124, 1399, 1415)} == dict.fromkeys(
        (1124, 1399, 1415), Policy.TWO_STEP
    )


def test_every_number_of_the_deny_list_says_why_and_has_no_permission() -> None:
    for denial in allow_list().denials:
        for nr in denial.nrs:
            assert all((family, nr) not in allow_list().permissions for family in Family)
            assert re.match(rf"{nr} is never written: \w", allow_list().why_denied(nr))


def test_everything_that_may_be_written_again_by_itself_can_be_seen() -> None:
    assert all(each.checks for each in allow_list().permissions.values() if each.reasserts)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("nr = 1202", "nr = 1163", "1163 is named twice, or denied too"),
        ("nr = 1202", "nr = 12020", "xt has no parameter 12020"),
        ('"automatic"', '"always"', "'always' is not a valid Policy"),
        ("writes = 60", "writes = 5", "a day takes at least 6 writes"),
        ('lapse = "flash"', 'lapse = "never"', "lapse is flash, leave or a signal's number"),
        ('lapse = "flash"', "lapse = 1311", "only what is automatic and kept in flash is written again"),
        (
            'lapse = "flash"\nreassert = true',
            "lapse = 1311",
            "1202 ends with 1311, which is not allowed itself",
        ),
        ("reassert = true", "reassure = true", r"unknown keys \['reassure'\]"),
        ("info = 3054", "info = 9054", "has no info 9054"),
        ("told = { 4 = 3 }", "bit = 1, within = 2", "must confirm in one way"),
        ("1.6.12", "1.6", "not enough values"),
    ],
)
def test_a_mistake_in_the_list_opens_no_door(old: str, new: str, reason: str) -> None:
    assert parse_allow_list(LIST).permissions[Family.XT, 1202].writes == 60
    with pytest.raises((ValueError, LookupError), match=reason):
        parse_allow_list(LIST.replace(old, new, 1))


@pytest.mark.parametrize(
    ("check", "value", "agreeing", "other"),
    [
        (Check(3054, told={4: 3, 8: 4}), 4, [3], [1, 4, 0]),
        (Check(3031, told={4: 1}), 1, [0, 1, 7], []),
        (Check(3056, bit=1), 0, [2, 3, 0b111], [0, 1, 5]),
        (Check(3056, bit=1), 1, [0, 1, 5], [2, 3, 0b111]),
        (Check(3017, within=0.5), 10, [9.5, 10, 10.5], [9.4, 11]),
        (Check(7065, at_most=0.5), 10, [0, 10, 10.5], [10.6, 40]),
    ],
)
def test_how_an_info_confirms(check: Check, value: float, agreeing: list[float], other: list[float]) -> None:
    assert all(check.agrees(value, told) for told in agreeing)
    assert not any(check.agrees(value, told) for told in [*other, float("nan")])


def test_which_addresses_are_single_devices() -> None:
    singles = {address: single_device(address) for address in range(1024) if single_device(address)}
    assert len(singles) == 9 + 15 + 15 + 1 + 1
    assert (singles[101], singles[315], singles[601]) == (Family.XT, Family.VT, Family.BMS)


@pytest.mark.parametrize(
    ("value", "device", "site", "fitting"),
    [
        (20, (2, 50), None, 20),
        (1, (2, 50), None, 2),
        (60, (2, 50), None, 50),
        (60, (2, 32), (5, 40), 32),
        (60, (2, 32), (5, 16), 16),
        (3, (2, 32), (5, 16), 5),
    ],
)
def test_the_narrowest_limit_counts(
    value: float, device: tuple[float, float], site: tuple[float, float] | None, fitting: float
) -> None:
    limits = SiteLimits(ranges={} if site is None else {(Family.XT, 1107): site})
    assert fitting_value(XT_INPUT_LIMIT, value, Range(*device), limits) == fitting


@pytest.mark.parametrize("device", [(33, 40), (float("nan"), 50), (2, float("nan")), (50, 2)])
def test_limits_that_leave_nothing_or_are_unknown_refuse(device: tuple[float, float]) -> None:
    limits = SiteLimits(ranges={(Family.XT, 1107): (2, 32)})
    assert isinstance(fitting_value(XT_INPUT_LIMIT, 20, Range(*device), limits), Refused)


def test_what_is_not_clamped_is_refused_with_the_limits() -> None:
    strict = Permission(Family.XT, 1107, Policy.AUTOMATIC, "", writes=20)
    refused = fitting_value(strict, 60, Range(2, 50), NOBODY_KNOWS)
    assert refused == Refused("60 Aac is beyond the limits of 1107: 2 to 50")


def test_versions_are_compared_by_their_numbers() -> None:
    assert software_fits((1, 6, 12), (1, 6, 12)) is None
    assert software_fits((1, 10, 0), (1, 6, 12)) is None
    assert isinstance(software_fits((1, 6, 9), (1, 6, 12)), Refused)
    assert isinstance(software_fits(None, (1, 6, 12)), Refused)


def test_a_number_of_another_family_is_not_permitted() -> None:
    for address, nr in ((301, 1202), (101, 10040), (601, 1202)):
        assert isinstance(permitted(Intent(address, nr, 1, 60, "x"), allow_list(), NOBODY_KNOWS), Refused)


def test_every_permission_has_a_format_that_holds_numbers() -> None:
    numbers = {Format.BOOL, Format.LONG_ENUM, Format.FLOAT, Format.SIGNAL}
    writable = [each for each in allow_list().permissions.values() if each.policy is not Policy.SET_ONCE]
    assert {each.object.format for each in writable} <= numbers
