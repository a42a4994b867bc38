"""The kernel's counters: read as they are, weighed at the IP level, whatever they go back to."""

from __future__ import annotations

from pathlib import Path

import pytest

from stallaini.edge import interfaces
from stallaini.edge.interfaces import Counters, change, default_interface, frame_bytes, read_counters
from stallaini.edge.line import Line
from stallaini.edge.usage import Seen
from stallaini.site.config import LinkConfig

DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  500  5 0 0 0 0 0 0  500  5 0 0 0 0 0 0
 wwan0:{down} {down_packets} 0 0 0 0 0 0 {up} {up_packets} 0 0 0 0 0 0
   wg0: {wg_down} 1 0 0 0 0 0 0 {wg_up} 1 0 0 0 0 0 0
"""  # noqa: E501 - as the kernel prints it
ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wwan0\t00000000\t00000000\t0001\t0\t0\t100\t00000000\t0\t0\t0
"""
ROUTES_6 = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} 00000400 1 0 00000003 wwan1\n"


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(interfaces, "_NET", tmp_path)
    monkeypatch.setattr(interfaces, "_SYS", tmp_path)
    return tmp_path


def count(net: Path, up: int = 0, down: int = 0, packets: int = 1, wg_up: int = 0, wg_down: int = 0) -> None:
    numbers = {"up_packets": packets, "down_packets": packets, "wg_up": wg_up, "wg_down": wg_down}
    (net / "dev").write_text(DEV.format(up=up, down=down, **numbers))


def test_the_default_routes_interface_with_the_lowest_metric(net: Path) -> None:
    assert default_interface() is None
    (net / "ipv6_route").write_text(ROUTES_6)
    assert default_interface() == "wwan1"
    (net / "route").write_text(ROUTES)
    assert default_interface() == "wwan0"


def test_counters_of_an_interface(net: Path) -> None:
    count(net, up=70, down=90, packets=2)
    assert read_counters("wwan0") == Counters(70, 2, 90, 2)
    assert read_counters("wwan7") is None


def test_counters_that_go_back_began_anew() -> None:
    assert change(Counters(10, 1, 20, 1), Counters(15, 2, 60, 2)) == (5, 1, 40, 1)
    assert change(Counters(10, 1, 20, 1), Counters(4, 1, 60, 2)) == (4, 1, 60, 2)


def test_the_loopback_has_no_frames_to_subtract() -> None:
    assert frame_bytes("lo") == 0
    assert frame_bytes("no-such-one") == 0


def test_a_line_tells_what_passed_since_it_last_looked(net: Path) -> None:
    line = Line(LinkConfig(interface="wwan0"), "boot", {})
    assert line.passed(0) is None
    count(net, up=100, down=100)
    assert line.passed(1) is None
    count(net, up=160, down=130, packets=3)
    traffic = line.passed(2)
    assert traffic is not None
    assert traffic.total == (60, 30)
    count(net, up=7, down=9, packets=1)
    traffic = line.passed(3)
    assert traffic is not None
    assert traffic.total == (7, 9)


def test_a_restart_finds_what_passed_meanwhile_unless_the_machine_started_anew(net: Path) -> None:
    seen: dict[str, Seen] = {}
    count(net, up=100)
    Line(LinkConfig(interface="wwan0"), "boot", seen).passed(0)
    count(net, up=150)
    found = Line(LinkConfig(interface="wwan0"), "boot", dict(seen)).passed(1)
    assert found is not None
    assert found.total.up_bytes == 50
    assert Line(LinkConfig(interface="wwan0"), "next boot", dict(seen)).passed(1) is None


def test_without_an_interface_nothing_is_told(net: Path) -> None:
    count(net)
    (net / "route").write_text(ROUTES)
    assert Line(LinkConfig(interface="none"), "boot", {}).passed(0) is None
    found = Line(LinkConfig(), "boot", {})
    found.passed(0)
    assert found.interface == "wwan0"


def test_the_kernels_tunnel_counts_encrypted_and_a_programs_does_not(net: Path) -> None:
    link = LinkConfig(interface="wwan0", vpn_interface="wg0")
    for kernel, up, down in ((True, 148 + 28, 92 + 28), (False, 148 + 68 + 176 + 60, 92 + 68 + 120)):
        if kernel:
            (net / "wg0").mkdir()
            (net / "wg0" / "uevent").write_text("DEVTYPE=wireguard\n")
        else:
            (net / "wg0" / "uevent").unlink()
        count(net)
        (net / "dev").write_text((net / "dev").read_text().replace(" 1 0 0 0 0 0 0", " 0 0 0 0 0 0 0"))
        line = Line(link, "boot", {})
        line.passed(0)
        count(net, up=1000, down=1000, wg_up=148, wg_down=92)
        traffic = line.passed(1)
        assert traffic is not None
        assert traffic.vpn == (up, down)
