"""Devices behind a gateway: named by others, each at an address of its own, on a port that fits."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.site.config import Fault, SiteConfig, SiteFileError, parse_site
from stallaini.site.description import decode_description
from stallaini.site.kinds import DeviceKind, parse_manifest
from stallaini.site.port_line import PortLine, parse_port

GATEWAY = """
name = "gateway_kind"
title = "A gateway"
setting = [
  { name = "port", required = true, ports = ["serial", "tcp", "simbus"] },
  { name = "transmit", type = "bool", default = false },
]
channel = [{ field = "restarts", quantity = "count" }]
"""
INVERTER = """
name = "inverter_kind"
title = "An inverter"
channel = [
  { field = "mode", quantity = "state", states = { 0 = "off", 1 = "inverting" }, stale_after_s = 35 },
  { field = "power", quantity = "power" },
]
setting = [
  { name = "gateway", required = true, device_kind = "gateway_kind" },
  { name = "address", type = "int", default = 101, low = 101, high = 109, unique_with = "gateway" },
]
"""
KINDS: dict[str, DeviceKind] = {
    kind.name: kind
    for kind in (
        parse_manifest(GATEWAY),
        parse_manifest(INVERTER),
        parse_manifest('name = "mute"\ntitle = "M"\nchannel = [{ field = "a", quantity = "soc" }]'),
    )
}
SITE = '[site]\nname = "noto"\ntimezone = "Europe/Rome"\n'
XCOM = '[devices.xcom]\nkind = "gateway_kind"\nport = "serial:/dev/ttyUSB0@38400"\n'
ONE = '[devices.inverter]\nkind = "inverter_kind"\ngateway = "xcom"\n'


def parsed(text: str) -> SiteConfig:
    return parse_site(SITE + text, KINDS)


def only_fault(text: str) -> Fault:
    with pytest.raises(SiteFileError) as caught:
        parsed(text)
    (fault,) = caught.value.faults
    return fault


def test_a_device_behind_its_gateway_is_no_fault_wherever_the_gateway_stands() -> None:
    assert parsed(XCOM + ONE).devices[1].settings == {"gateway": "xcom", "address": 101}
    assert parsed(ONE + XCOM).devices[0].settings["gateway"] == "xcom"


@pytest.mark.parametrize(
    ("text", "line", "reason", "fix"),
    [
        (XCOM + ONE.replace('"xcom"', '"xcon"'), 9, "missing device `xcon`", "did you mean `xcom`?"),
        (ONE, 6, "no device of the kind gateway_kind", "[devices.xcom]"),
        (
            XCOM + '[devices.m]\nkind = "mute"\n' + ONE.replace('"xcom"', '"m"'),
            11,
            "`m` is a mute, not a gateway_kind",
            "`xcom`",
        ),
        (
            XCOM + ONE + ONE.replace("inverter]", "other]"),
            10,
            "`inverter` has the address 101",
            "its own address",
        ),
        (
            XCOM + ONE + ONE.replace("inverter]", "other]") + "address = 101\n",
            13,
            "`inverter` has the address 101",
            "its own address",
        ),
        (XCOM.replace("@38400", ""), 6, "is incomplete", "serial:/dev/ttyUSB0@38400"),
        (XCOM.replace("serial:", "cereal:"), 6, "no such port", "serial:/dev/ttyUSB0@38400"),
        (XCOM.replace("serial:/dev/ttyUSB0@38400", "listen:0.0.0.0:1"), 6, "has no listen port", "tcp:"),
        (XCOM.replace("serial:/dev/ttyUSB0@38400", "simbus:/s"), 6, "to send on it", "transmit = true"),
    ],
)
def test_a_fault(text: str, line: int, reason: str, fix: str) -> None:
    fault = only_fault(text)
    assert (fault.line, reason in fault.reason, fix in fault.fix) == (line, True, True), fault


def test_two_devices_have_different_addresses_or_gateways() -> None:
    other = ONE.replace("inverter]", "other]")
    assert len(parsed(XCOM + ONE + other + "address = 102\n").devices) == 3
    second = XCOM.replace("xcom]", "second]")
    assert len(parsed(XCOM + second + ONE + other.replace('"xcom"', '"second"')).devices) == 4


def test_a_can_port_is_accepted_when_the_owner_says_that_it_may_send() -> None:
    config = parsed(XCOM.replace("serial:/dev/ttyUSB0@38400", "simbus:/s") + "transmit = true\n")
    assert config.devices[0].settings["transmit"] is True


def test_a_state_has_words_and_a_slow_channel_is_stale_later() -> None:
    mode, power = parsed(XCOM + ONE).description.channels[1:]
    assert (mode.stale_after_s, mode.states) == (35.0, ((0, "off"), (1, "inverting")))
    assert (mode.word(1), mode.word(7), power.word(1)) == ("inverting", "unknown (7)", None)
    assert (power.stale_after_s, power.states) == (5.0, ())


def test_words_travel_with_the_description_and_what_has_none_is_described_as_ever() -> None:
    description = parsed(XCOM + ONE).description
    assert decode_description(description.encode()) == description
    power = msgspec.to_builtins(description.channels[2])
    assert list(power) == ["name", "quantity", "unit", "resolution", "stale_after_s"]


@pytest.mark.parametrize(
    ("line", "port"),
    [
        ("serial:/dev/ttyUSB0@38400", PortLine("serial", "/dev/ttyUSB0", 38400)),
        ("tcp:10.0.0.5:4001", PortLine("tcp", "10.0.0.5", 4001)),
        ("listen:[::]:4001", PortLine("listen", "::", 4001)),
        ("simbus:/a/b@c.sock", PortLine("simbus", "/a/b@c.sock")),
    ],
)
def test_a_port_line(line: str, port: PortLine) -> None:
    assert parse_port(line) == port


@given(st.sampled_from(["", "tcp:", "serial:", "simbus:"]), st.text(max_size=40))
def test_any_text_is_a_port_or_told_to_be_none_and_what_to_write(kind: str, text: str) -> None:
    try:
        told = parse_port(kind + text).place
    except ValueError as error:
        told = str(error).partition("; ")[2]
    assert told
