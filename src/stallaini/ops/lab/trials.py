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

from stallaini.ops.lab.schedule import Schedule
from stallaini.ops.lab.shrink import shrink
from stallaini.ops.lab.world import Report, run_world

_SHARED_MEMORY = Path("/dev/shm")
_BATCH = 10


@dataclass
class Summary:
    """What came of many schedules: sums over all of them, and the reports of those that failed."""

    schedules: int = 0
    minutes: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    datagrams: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    failures: list[Report] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count one in."""
        self.schedules += 1
        self.minutes += report.minutes
        self.struck += report.struck
        self.datagrams += report.datagrams
        self.events += report.events
        if report.problems:
            self.failures.append(report)


def run_trials(
    schedules: Iterable[Schedule], jobs: int = 1, progress: Callable[[int], None] = lambda _: None
) -> Summary:
    """Run schedules in `jobs` processes; `progress` is told how many are done."""
    summary = Summary()
    for report in _reports(list(schedules), jobs):
        summary.add(report)
        progress(summary.schedules)
    return summary


def first_failure(schedules: Iterable[Schedule]) -> Report | None:
    """The report of the first schedule that breaks a promise."""
    with work_folder() as folder:
        reports = (run_world(schedule, folder) for schedule in schedules)
        return next((report for report in reports if report.problems), None)


def shrunk(schedule: Schedule) -> Report:
    """The report of the smallest schedule that breaks a promise of the same kind as this one does."""
    with work_folder() as folder:

        def broken(candidate: Schedule) -> set[str]:
            return {_kind(problem) for problem in run_world(candidate, folder).problems}

        first = broken(schedule)
        smallest = shrink(schedule, lambda candidate: bool(first & broken(candidate)))
        return run_world(smallest, folder, traced=True)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for the disks of a world: in memory where that can be had, for each commit is synced."""
    in_memory = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="stallaini-lab-", dir=in_memory) as name:
        yield Path(name) / "world"


def _reports(schedules: Sequence[Schedule], jobs: int) -> Iterator[Report]:
    batches = [schedules[start : start + _BATCH] for start in range(0, len(schedules), _BATCH)]
    if jobs == 1:
        yield from itertools.chain.from_iterable(map(_run_batch, batches))
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from itertools.chain.from_iterable(pool.map(_run_batch, batches))


def _run_batch(schedules: Iterable[Schedule]) -> list[Report]:
    with work_folder() as folder:
        return [run_world(schedule, folder) for schedule in schedules]


def _kind(problem: str) -> str:
    return problem.partition(":")[0]
