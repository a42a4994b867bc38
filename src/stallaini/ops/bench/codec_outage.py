"""A day without a link, of the simulated house's forty series, packed in messages as an edge packs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stallaini.devices.catalogue import load_kinds
from stallaini.link.codec import DeltaCodec, MinuteCodec
from stallaini.link.codec_range import RangeCodec
from stallaini.link.messages import Minute
from stallaini.link.model import SeriesKind, series_kinds
from stallaini.ops.bench.report import Figure
from stallaini.ops.codec_house import DAY_MINUTES, house_day
from stallaini.ops.history import STEP_S
from stallaini.site.config import parse_site
from stallaini.twin.physics.house import House

SITE_FILE = Path(__file__).with_name("link_site.toml")
FIRST_MINUTE = 29_000_000
"""A noon in February 2025; nothing was learned from this day, nor from this house."""
MESSAGE_BYTES, HEAD_BYTES = 1024, 10
"""A message, and what stands in it before the minutes: version, flags, tag, sequence number, base."""
_PROFILE = "pylon-plus"


def outage() -> tuple[tuple[SeriesKind, ...], list[Minute]]:
    """The series, and the day's minutes behind the last one that arrived."""
    config = parse_site(SITE_FILE.read_text(), load_kinds())
    minutes = house_day(config, House(seed=1), _PROFILE, FIRST_MINUTE, STEP_S, DAY_MINUTES + 1)
    return series_kinds(config.description), minutes


def message_sizes(codec: MinuteCodec, minutes: Sequence[Minute]) -> list[int]:
    """Bytes of each message that brings the minutes after the first, chained one to the other."""
    sizes, base, start = [], minutes[0], 1
    while start < len(minutes):
        encoder, size, end = codec.encoder(base), 0, start
        while end < len(minutes):
            grown = encoder.add(minutes[end])
            if HEAD_BYTES + grown > MESSAGE_BYTES:
                break
            size, end = grown, end + 1
        sizes.append(HEAD_BYTES + size)
        base, start = minutes[end - 1], end
    return sizes


def outage_figures() -> list[Figure]:
    """What the outage takes, by the plain codec and by the shipped model's."""
    kinds, minutes = outage()
    named: dict[str, MinuteCodec] = {"codec 1": DeltaCodec(), "codec 2": RangeCodec(kinds)}
    figures = []
    for name, codec in named.items():
        sizes = message_sizes(codec, minutes)
        figures.append(
            Figure(f"a day of {len(kinds)} series by {name}, {len(sizes)} messages", sum(sizes), "B")
        )
    return figures
