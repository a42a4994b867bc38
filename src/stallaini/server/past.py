"""The past for those who ask: long stretches are read and added up piece by piece.

A year of one series takes 8 MB as columns, a chart of it 500 buckets: whoever asks for years must not
make the server hold them all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stallaini.server import queries
from stallaini.server.folding import Folded, Folding, bucket_minutes, fold_days
from stallaini.server.store.base import Store
from stallaini.server.store.chunks import DAY_MINUTES

_CHART_MINUTES = 92 * DAY_MINUTES
_ENERGY_MINUTES = 31 * DAY_MINUTES


class Band(NamedTuple):
    """The series that a chart of a channel is made of; of a single series, thrice the same."""

    mean: str
    low: str
    high: str


async def folded(
    store: Store, site: str, bands: Sequence[Band], start_s: int, end_s: int, points: int
) -> list[Folded]:
    """Per band its buckets over [start_s, end_s); those of whole days from the sums that the store keeps."""
    start, end = start_s // 60, -(-end_s // 60)
    length = bucket_minutes(start, end, points)
    if length % DAY_MINUTES == 0 and start % DAY_MINUTES == 0 and end % DAY_MINUTES == 0:
        names = sorted({name for band in bands for name in band})
        first, last = start // DAY_MINUTES, end // DAY_MINUTES
        sums = await store.day_sums(site, names, first, last)
        return [
            fold_days(sums[mean], sums[low], sums[high], first, last, length // DAY_MINUTES)
            for mean, low, high in bands
        ]
    oldest = await _oldest(store, site, start, end)
    foldings = [Folding(start, end, points) for _ in bands]
    for begin, finish in _stretches(oldest, end, _CHART_MINUTES):
        for (mean, low, high), folding in zip(bands, foldings, strict=True):
            columns = await store.columns(site, sorted({mean, low, high}), begin, finish)
            folding.add(columns[mean], columns[low], columns[high], begin, finish)
    return [folding.folded() for folding in foldings]


class PeriodEnergies(NamedTuple):
    """A day or month: its minutes that have a record, and the energy of each channel."""

    period: queries.Period
    minutes_present: int
    channels: Mapping[str, queries.Energy]


async def energies(
    store: Store, site: str, names: Mapping[str, str], periods: Sequence[queries.Period]
) -> list[PeriodEnergies]:
    """Energy in each period, ascending and without holes between; `names`: per channel its mean power."""
    found = []
    for run in _runs(periods, _ENERGY_MINUTES):
        begin, finish = run[0].start_minute, run[-1].end_minute
        present = await store.present_minutes(site, begin, finish)
        columns = await store.columns(site, list(names.values()), begin, finish)
        by_channel = {channel: queries.energy(columns[name], run) for channel, name in names.items()}
        edges = np.searchsorted(present, [begin, *(period.end_minute for period in run)])
        for index, (period, count) in enumerate(zip(run, np.diff(edges).tolist(), strict=True)):
            energy = {channel: each[index] for channel, each in by_channel.items()}
            found.append(PeriodEnergies(period, count, energy))
    return found


async def _oldest(store: Store, site: str, start: int, end: int) -> int:
    """From where on reading is worth it: not from long before the site's first minute."""
    if end - start <= _CHART_MINUTES:
        return start
    oldest = await store.first_minute(site)
    return end if oldest is None else max(start, oldest)


def _stretches(start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """[start, end) in stretches of at most so many minutes."""
    for begin in range(start, end, most):
        yield begin, min(end, begin + most)


def _runs(periods: Sequence[queries.Period], most: int) -> Iterator[list[queries.Period]]:
    """The periods in runs of about `most` minutes, each of at least one."""
    run: list[queries.Period] = []
    for period in periods:
        if run and period.end_minute - run[0].start_minute > most:
            yield run
            run = []
        run.append(period)
    if run:
        yield run
