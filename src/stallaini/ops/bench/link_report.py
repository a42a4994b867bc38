"""The figures of the link bench as a table for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from stallaini.ops.bench.link_loss import Loss

_MONTH_MINUTES = 43_200
_NOTES = (
    "Bytes are IP bytes, up and down together, on the edge's end of the cable. 30 days = 43,200 minutes.",
    "Data: a day of the twin (simulated house, battery frames, sampler); the same minutes for everybody.",
    "Entropy: order 0, of each series' change from minute to minute, summed over the series, over that day.",
    "WireGuard: our packets in it as counted, its handshakes and keepalives by the protocol's timers, since",
    "virtual minutes are shorter than its keys' 120 s. The peers have no tunnel and a small certificate.",
    "First: the first message, with connection and certificate, or with our site's description.",
)


@dataclass(frozen=True)
class Row:
    """One way to send a minute. The ratios are IP bytes to entropy, and to ours each minute, no tunnel."""

    way: str
    series: int
    first_bytes: int
    payload_bytes_per_min: float
    ip_bytes_per_min: float
    mb_per_30_days: float
    times_entropy: float
    times_ours: float


@dataclass(frozen=True)
class Backlog:
    """A day recorded while the link was down, sent at once."""

    series: int
    tunnel: bool
    minutes: int
    exchanges: int
    payload_bytes: int
    ip_bytes: int


@dataclass(frozen=True)
class Report:
    """Everything measured in one run; entropies and processor times by number of series."""

    minutes: int
    entropy_bytes_per_min: dict[int, float]
    rows: list[Row]
    backlogs: list[Backlog]
    cpu_ms_per_minute: dict[int, float]
    loss: list[Loss] = field(default_factory=list)


def row(way: str, series: int, first: int, payload: float, ip_bytes: float, to: tuple[float, float]) -> Row:
    """A row from bytes a minute; `to` are the entropy and our own bytes, for the ratios."""
    month_mb = ip_bytes * _MONTH_MINUTES / 1e6
    return Row(way, series, first, payload, ip_bytes, month_mb, ip_bytes / to[0], ip_bytes / to[1])


def as_json(report: Report) -> str:
    """The report as one JSON object."""
    return json.dumps({"bench": "link", "notes": " ".join(_NOTES), **asdict(report)}, indent=2)


def as_text(report: Report) -> str:
    """The report as a table for people."""
    lines = [f"bench link: {report.minutes} minutes each way", *_NOTES]
    for series, entropy in report.entropy_bytes_per_min.items():
        lines += ["", f"{series} series, {entropy:.2f} B of entropy a minute", _HEADING]
        lines += [_line(row) for row in report.rows if row.series == series]
    lines += ["", "A day recorded while the link was down, sent at once:"]
    lines += [_backlog_line(backlog) for backlog in report.backlogs]
    for series, spent_ms in report.cpu_ms_per_minute.items():
        lines.append(
            f"{series} series: a minute journaled, coded and decoded in {spent_ms:.2f} ms of one core"
        )
    for loss in report.loss:
        lines += ["", _loss_line(loss)]
    return "\n".join(lines)


_HEADINGS = ("first B", "payload", "B/min", "MB/30 d", "x entropy", "x ours")
_HEADING = " " * 58 + "".join(f"{heading:>11}" for heading in _HEADINGS)


def _line(row: Row) -> str:
    return (
        f"{row.way:<58}{row.first_bytes:>11}{row.payload_bytes_per_min:>11.1f}{row.ip_bytes_per_min:>11.1f}"
        f"{row.mb_per_30_days:>11.2f}{row.times_entropy:>11.1f}{row.times_ours:>11.2f}"
    )


def _backlog_line(backlog: Backlog) -> str:
    name = f"{backlog.series} series{', in WireGuard' if backlog.tunnel else ''}"
    return (
        f"{name:<24} {backlog.minutes} minutes in {backlog.exchanges} messages, "
        f"{backlog.payload_bytes:,} B of payload, {backlog.ip_bytes:,} IP bytes"
    )


def _loss_line(loss: Loss) -> str:
    return (
        f"{loss.share:.0%} of the datagrams lost each way ({loss.dropped} in all): "
        f"all {loss.minutes} minutes delivered, median {loss.median_s:.2f} s, p95 {loss.p95_s:.1f} s, "
        f"longest {loss.longest_s:.0f} s, "
        f"{loss.within_15_s:.1%} within 15 s"
    )
