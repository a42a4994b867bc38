"""The report of a datalog import as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from stallaini.devices.studer_rcc.counted import CountedSum
from stallaini.ops.datalogs import FileReport, ImportReport

_GAPS_TOLD = 10
_FILES_TOLD = 7


def report_lines(report: ImportReport) -> list[str]:
    """What was imported, what was not and why, and how the sums agree."""
    return [*_totals(report), *_gaps(report), *_oddities(report), *_sums(report), *_failures(report)]


def _totals(report: ImportReport) -> Iterator[str]:
    done = [file.imported for file in report.files]
    rows = sum(file.rows for file in report.files)
    speed = f", {rows / report.spent_s:,.0f} rows/s" if report.spent_s > 0 else ""
    yield f"{report.site}: {len(report.files)} files, {rows} rows in {report.spent_s:.1f} s{speed}"
    if report.start is not None:
        yield f"  time    {report.start} to {report.end} (--clock {report.clock}, {report.timezone})"
    added, known = sum(each.added for each in done), sum(each.known for each in done)
    yield f"  minutes {added} added, {known} already there"
    live = sum(each.live for each in done)
    if live:
        yield f"          {live} of them the site recorded itself: what it told is shown, the rest filled in"
    differing = sum(each.differing for each in done)
    if differing:
        yield f"          {differing} were imported before with other values, which stay"


def _gaps(report: ImportReport) -> Iterator[str]:
    gaps = sorted(report.gaps, key=lambda gap: -gap.minutes)
    yield f"  gaps    {len(gaps)}, {sum(gap.minutes for gap in gaps)} minutes"
    for gap in gaps[:_GAPS_TOLD]:
        yield f"          {gap.start} to {gap.end}"
    if len(gaps) > _GAPS_TOLD:
        yield f"          and {len(gaps) - _GAPS_TOLD} shorter ones; --json tells all"


def _oddities(report: ImportReport) -> Iterator[str]:
    told = (
        ("missing", "rows not imported: in the hour that spring leaves out"),
        ("doubled", "rows not imported: their time came before in the file"),
        ("undated", "rows not imported: before 2000 or in the future"),
        ("ambiguous", "rows taken as summer time: in the hour that autumn repeats, once in the file"),
        ("implausible", "cells left out: outside what the quantity can be"),
    )
    for attribute, words in told:
        files = [file for file in report.files if getattr(file, attribute)]
        if files:
            count = sum(getattr(file, attribute) for file in files)
            yield f"  note    {count} {words} ({_some([file.file for file in files])})"
    left_out = sorted({column for file in report.files for column in file.columns_left_out})
    if left_out:
        yield f"  note    columns left out: {', '.join(left_out)}"


def _sums(report: ImportReport) -> Iterator[str]:
    with_sums = [file for file in report.files if file.sums]
    for file in with_sums[:_FILES_TOLD]:
        yield f"  sums    {_name(file.file)}: " + "; ".join(_sum(each) for each in file.sums)
    if len(with_sums) > _FILES_TOLD:
        yield f"          and {len(with_sums) - _FILES_TOLD} files more; --json tells all"
    yield from _worst(with_sums)


def _worst(files: list[FileReport]) -> Iterator[str]:
    """Per sum the file where minutes and counter are furthest apart."""
    worst: dict[str, tuple[float, str]] = {}
    for file in files:
        for each in file.sums:
            if each.error_pct is not None and abs(each.error_pct) >= worst.get(each.what, (-1.0, ""))[0]:
                worst[each.what] = (abs(each.error_pct), file.file)
    for what, (error_pct, file_name) in worst.items():
        yield f"  worst   {what}: {error_pct:.2f} % off the device's own counter ({_name(file_name)})"


def _sum(each: CountedSum) -> str:
    apart = "" if each.error_pct is None else f" ({each.error_pct:+.2f} %)"
    return f"{each.what} {each.summed:.2f} of {each.counted:.2f} {each.unit}{apart}"


def _failures(report: ImportReport) -> Iterator[str]:
    for failure in report.failed:
        yield f"  FAILED  {failure.file}: {failure.reason}"


def _name(path: str) -> str:
    return PurePath(path).name


def _some(names: list[str]) -> str:
    return ", ".join(map(_name, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
