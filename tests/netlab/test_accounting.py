"""What the meter counts, beside the kernel's counter and every packet on the cable: within 1 %."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stallaini.clock import SystemClock
from stallaini.edge.interfaces import frame_bytes, read_counters
from stallaini.edge.line import Line
from stallaini.edge.meter import Meter
from stallaini.edge.usage import DayUsage, Usage
from stallaini.ops.bench.link_ours import START_MINUTE, Way
from stallaini.ops.netlab.counter import Traffic, WireCounter
from stallaini.ops.netlab.link_edge import LinkEdge, open_link_edge
from stallaini.ops.netlab.link_server import enrol, hosted_server
from stallaini.ops.netlab.pair import CABLE, SERVER_ADDRESS, Pair
from stallaini.ops.netlab.tunnel import SERVER_INSIDE, open_tunnel
from stallaini.site.config import LinkConfig, SiteConfig

_SITE = Way(10, 1, tunnel=False).config()
_PATIENCE_S = 60
_SETTLE_S = 0.3

Story = Callable[[LinkEdge, Meter], Awaitable[None]]


def _config(**link: str | float | None) -> SiteConfig:
    settings = {"interface": CABLE, "ack_timeout_s": 0.1, **link}
    return dataclasses.replace(_SITE, link=LinkConfig(**settings))  # type: ignore[arg-type]


def _counted(
    pair: Pair, folder: Path, config: SiteConfig, story: Story, address: str = SERVER_ADDRESS
) -> tuple[DayUsage, Traffic, tuple[int, int]]:
    """Live a story; what the meter says, what passed the cable, what the kernel's counters went up by."""
    join = enrol(folder, {config.site: address})[config.site]

    async def live() -> tuple[DayUsage, Traffic, tuple[int, int]]:
        usage = Usage()
        meter = Meter(usage, SystemClock(), "UTC", config.link, Line(config.link, "boot", usage.seen))
        meter.poll()
        before, counted_before = read_counters(CABLE), counter.total()
        assert before is not None
        async with (
            asyncio.timeout(_PATIENCE_S),
            open_link_edge(config, folder, join, START_MINUTE, meter) as edge,
        ):
            await story(edge, meter)
            await asyncio.sleep(_SETTLE_S)
        meter.poll()
        after, counted = read_counters(CABLE), counter.total()
        assert after is not None
        frames = frame_bytes(CABLE)
        kernel = (
            after.up_bytes - before.up_bytes - frames * (after.up_packets - before.up_packets),
            after.down_bytes - before.down_bytes - frames * (after.down_packets - before.down_packets),
        )
        passed = Traffic(
            counted.up_bytes - counted_before.up_bytes, counted.down_bytes - counted_before.down_bytes
        )
        return usage.day(meter.day), passed, kernel

    with hosted_server(pair, folder, [config.site]), WireCounter(pair.edge) as counter:
        return pair.edge.run(live)


def _sums(usage: DayUsage) -> tuple[int, int]:
    return sum(usage.up.values()), sum(usage.down.values())


def _ours(usage: DayUsage) -> tuple[int, int]:
    up, down = _sums(usage)
    return up - usage.up.get("other", 0), down - usage.down.get("other", 0)


async def _forty_minutes(edge: LinkEdge, meter: Meter) -> None:
    for _ in range(40):
        await edge.deliver()


def test_every_byte_is_counted_and_none_is_left_unexplained(pair: Pair, tmp_path: Path) -> None:
    # On a line that loses nothing only a machine that stands still could make the edge repeat itself.
    patient = _config(ack_timeout_s=10.0)
    usage, passed, kernel = _counted(pair, tmp_path, patient, _forty_minutes)
    assert _sums(usage) == kernel
    assert _ours(usage) == (passed.up_bytes, passed.down_bytes)
    # The kernel also counts the cable's address resolution, 28 bytes at a time.
    assert usage.of("other") <= 0.02 * usage.total_bytes
    assert usage.of("telemetry") > usage.of("acknowledgements") > 40 * 44
    assert usage.of("retransmission") == 0


def test_with_a_fifth_lost_each_way_the_sums_agree_and_repetitions_are_told_apart(
    pair: Pair, tmp_path: Path
) -> None:
    async def story(edge: LinkEdge, meter: Meter) -> None:
        await edge.deliver()
        pair.lose(0.2)
        for _ in range(40):
            await edge.deliver()
        pair.lose(0)

    usage, passed, kernel = _counted(pair, tmp_path, _config(), story)
    assert _sums(usage) == pytest.approx(kernel, rel=0.01)
    assert usage.up["retransmission"] > 300
    ours_up, ours_down = _ours(usage)
    assert ours_up == passed.up_bytes
    # What this cable loses on the way in has passed the counters, and no socket.
    assert ours_down < passed.down_bytes


def test_others_on_the_interface_are_others(pair: Pair, tmp_path: Path) -> None:
    async def story(edge: LinkEdge, meter: Meter) -> None:
        await edge.deliver()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(50):
                stranger.sendto(bytes(972), (SERVER_ADDRESS, 9))
        await edge.deliver()

    usage, _, kernel = _counted(pair, tmp_path, _config(), story)
    assert _sums(usage) == pytest.approx(kernel, rel=0.001)
    assert usage.up["other"] == pytest.approx(50_000, rel=0.01)


def test_a_tunnels_share_is_told_apart_and_the_link_inside_it_counted_once(
    pair: Pair, tmp_path: Path
) -> None:
    async def story(edge: LinkEdge, meter: Meter) -> None:
        for _ in range(20):
            await edge.deliver()
            meter.poll()

    with open_tunnel(pair):
        (vpn,) = (name for name in pair.edge.call(_interfaces) if name.startswith("wg"))
        usage, _, kernel = _counted(pair, tmp_path, _config(vpn_interface=vpn), story, SERVER_INSIDE)
    assert _sums(usage) == pytest.approx(kernel, rel=0.01)
    assert usage.of("vpn") > usage.of("telemetry") / 2
    assert usage.of("other") < 0.1 * usage.total_bytes


def _interfaces() -> list[str]:
    return [name for _, name in socket.if_nameindex()]


def test_an_interface_that_was_made_anew_goes_on_counting(pair: Pair, tmp_path: Path) -> None:
    async def story(edge: LinkEdge, meter: Meter) -> None:
        await _forty_minutes(edge, meter)
        meter.poll()
        before = meter.standing().used_bytes
        pair.edge.ip("link", "del", CABLE)
        await asyncio.sleep(_SETTLE_S)
        meter.poll()
        pair.connect()
        meter.poll()
        for _ in range(5):
            await edge.deliver()
        meter.poll()
        assert 300 < meter.standing().used_bytes - before < 5_000

    assert _lived(pair, tmp_path, story).of("other") < 2_000


def _lived(pair: Pair, folder: Path, story: Story) -> DayUsage:
    """What the meter says of a story; the kernel's counters may begin anew in it."""
    config = _config()
    join = enrol(folder, {config.site: SERVER_ADDRESS})[config.site]

    async def live() -> DayUsage:
        usage = Usage()
        meter = Meter(usage, SystemClock(), "UTC", config.link, Line(config.link, "boot", usage.seen))
        async with open_link_edge(config, folder, join, START_MINUTE, meter) as edge:
            await story(edge, meter)
        return usage.day(meter.day)

    with hosted_server(pair, folder, [config.site]):
        return pair.edge.run(live)
