"""How long a minute takes to be acknowledged when many packets are lost: real time, many edges at once."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from stallaini.errors import OperatorError
from stallaini.link.join import Join
from stallaini.ops.bench.link_ours import START_MINUTE, Way
from stallaini.ops.netlab.link_edge import open_link_edge
from stallaini.ops.netlab.link_server import LinkServer, enrol, hosted_server
from stallaini.ops.netlab.pair import SERVER_ADDRESS, Pair
from stallaini.site.config import SiteConfig


@dataclass(frozen=True)
class Loss:
    """What became of `minutes` minutes with `share` of the datagrams lost in each direction."""

    share: float
    minutes: int
    dropped: int
    median_s: float
    p95_s: float
    longest_s: float
    within_15_s: float


def measure_loss(
    pair: Pair, share: float, sites: int, minutes: int, folder: Path, ack_timeout_s: float | None = None
) -> Loss:
    """Deliver `minutes` minutes of each of `sites` sites, one by one; the first ones before the loss.

    Times are given as they would be with the default time-out: a shorter `ack_timeout_s` scales them.

    Raises OperatorError when one is missing at the server in the end.
    """
    config = Way(10, 1, tunnel=False).config()
    scale = 1.0
    if ack_timeout_s is not None:
        scale = config.link.ack_timeout_s / ack_timeout_s
        config = replace(config, link=replace(config.link, ack_timeout_s=ack_timeout_s))
    joins = enrol(folder, {f"loss-{number}": SERVER_ADDRESS for number in range(sites)})
    with hosted_server(pair, folder, list(joins)) as served:
        took_s = pair.edge.run(lambda: _deliver(pair, config, share, joins, minutes, folder))
        dropped = pair.dropped()
        pair.lose(0)
        for site in joins:
            _check_complete(served, site, minutes + 1)
    took_s = sorted(seconds * scale for seconds in took_s)
    return Loss(
        share=share,
        minutes=len(took_s),
        dropped=dropped,
        median_s=took_s[len(took_s) // 2],
        p95_s=took_s[len(took_s) * 95 // 100],
        longest_s=took_s[-1],
        within_15_s=sum(seconds < 15 for seconds in took_s) / len(took_s),
    )


async def _deliver(
    pair: Pair, config: SiteConfig, share: float, joins: dict[str, Join], minutes: int, folder: Path
) -> list[float]:
    """The seconds that each minute of each site took."""
    async with AsyncExitStack() as stack:
        edges = [
            await stack.enter_async_context(open_link_edge(config, folder, join, START_MINUTE))
            for join in joins.values()
        ]
        await asyncio.gather(*(edge.deliver() for edge in edges))
        pair.lose(share)

        async def one_by_one(number: int) -> list[float]:
            return [await edges[number].deliver() for _ in range(minutes)]

        took_s = await asyncio.gather(*(one_by_one(number) for number in range(len(edges))))
    return list(itertools.chain.from_iterable(took_s))


def _check_complete(served: LinkServer, site: str, expected: int) -> None:
    arrived = len(served.minutes(site, START_MINUTE, START_MINUTE + expected))
    if arrived != expected:
        raise OperatorError(f"{site}: {arrived} of {expected} minutes arrived; that must not be")
