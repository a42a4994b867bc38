"""Columns for a chart in few bytes: whole steps, each told as its difference from the one before. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stallaini.server.folding import Floats, Folded
from stallaini.server.store.base import Integers


class Packed(NamedTuple):
    """See `api_history_models.PackedColumn`."""

    step: float
    mean: list[int | None]
    below: list[int] | None
    above: list[int] | None


def pack(folded: Folded) -> Packed:
    """Buckets as differences. The mean is rounded to the series' own resolution: a chart shows no more."""
    step = 10.0**-folded.digits
    there = np.flatnonzero(~np.isnan(folded.mean))
    means = _steps(folded.mean[there], step)
    low, high = _steps(folded.low[there], step), _steps(folded.high[there], step)
    listed: list[int | None] = [None] * len(folded.mean)
    for index, difference in zip(there.tolist(), np.diff(means, prepend=0).tolist(), strict=True):
        listed[index] = difference
    return Packed(round(step, folded.digits), listed, _unless_zero(means - low), _unless_zero(high - means))


def _steps(values: Floats, step: float) -> Integers:
    return np.rint(values / step).astype(np.int64)


def _unless_zero(differences: Integers) -> list[int] | None:
    found: list[int] = np.maximum(differences, 0).tolist()
    return found if any(found) else None
