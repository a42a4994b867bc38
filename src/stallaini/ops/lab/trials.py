"""Many schedules, one after the other or on several cores, and what came of them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stallaini.ops.lab.schedule import Schedule, draw_schedule
from stallaini.ops.lab.setting import Rig
from stallaini.ops.lab.shrink import shrink
from stallaini.ops.lab.world import Report, run_world

_SHARED_MEMORY = Path("/dev/shm")
_BATCH = 10
_NO_RIG = Rig()


@dataclass
class Summary:
    """What came of many schedules: sums over all of them, and the reports of those that failed."""

    schedules: int = 0
    minutes: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    datagrams: Counter[str] = field(default_factory=Counter)
    failures: list[Report] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count one in."""
        self.schedules += 1
        self.minutes += report.minutes
        self.struck += report.struck
        self.datagrams += report.datagrams
        if report.problems:
            self.failures.append(report)


def run_trials(
    seeds: Sequence[int], jobs: int = 1, rig: Rig = _NO_RIG, progress: Callable[[int], None] = lambda _: None
) -> Summary:
    """Run the schedules of these seeds in `jobs` processes; `progress` is told how many are done."""
    summary = Summary()
    for report in _reports(seeds, jobs, rig):
        summary.add(report)
        progress(summary.schedules)
    return summary


def shrunk(schedule: Schedule, rig: Rig = _NO_RIG) -> Report:
    """The report of the smallest schedule that breaks a promise of the same kind as this one does."""
    with work_folder() as folder:

        def broken(candidate: Schedule) -> set[str]:
            return {_kind(problem) for problem in run_world(candidate, folder, rig).problems}

        first = broken(schedule)
        smallest = shrink(schedule, lambda candidate: bool(first & broken(candidate)))
        return run_world(smallest, folder, rig, traced=True)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for the disks of a world: in memory where that can be had, for each commit is synced."""
    in_memory = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="stallaini-lab-", dir=in_memory) as name:
        yield Path(name) / "world"


def _reports(seeds: Sequence[int], jobs: int, rig: Rig) -> Iterator[Report]:
    if jobs == 1:
        with work_folder() as folder:
            for seed in seeds:
                yield run_world(draw_schedule(seed), folder, rig)
        return
    batches = [seeds[start : start + _BATCH] for start in range(0, len(seeds), _BATCH)]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from itertools.chain.from_iterable(pool.map(_run_batch, batches))


def _run_batch(seeds: Iterable[int]) -> list[Report]:
    with work_folder() as folder:
        return [run_world(draw_schedule(seed), folder) for seed in seeds]


def _kind(problem: str) -> str:
    return problem.partition(":")[0]
