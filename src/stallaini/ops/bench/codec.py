"""`stallaini bench codec`: bytes a minute by many ways of coding, on real telemetry."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.link.codec import MinuteCodec
from stallaini.link.codec_range import RangeCodec
from stallaini.link.messages import Minute
from stallaini.link.model import Model, SeriesKind
from stallaini.link.model_fit import Tally
from stallaini.ops.bench.codec_fuzz import fuzz
from stallaini.ops.bench.codec_outage import outage_figures
from stallaini.ops.bench.codings import Coding, by_codec, plain_codings
from stallaini.ops.bench.report import Figure, as_json, as_text
from stallaini.ops.codec import learn_from
from stallaini.ops.codec_house import house_recordings
from stallaini.ops.codec_sources import Recording, Wanted, every, read_recordings
from stallaini.ops.progress import Progress

BATCHES = (1, 5, 15, 60)
TELEMETRY = Path("../shared/data/telemetry")
SITE = "studer_inst1_xt_vs70_bsp_2015-08_2018-11_1min.csv.xz"
STRANGER = "studer_inst5_xt_vt_2019-01_2020-02_1min.csv.xz"
DATALOGS = Path("studer/datalogs")

_TRAIN_EVERY, _TEST_EVERY = 8, 24
# Another remainder than the days learned from: where years are shared, the days still are not.
_TEST_OFFSET = 5
_HOUSE_DAYS = 3
_FUZZED = 1_000_000
_STRIDES = {1: 7, 5: 3, 15: 1, 60: 1}


@dataclass(frozen=True)
class Sample:
    """Days to measure on: the series, and per day its minutes."""

    name: str
    kinds: tuple[SeriesKind, ...]
    days: list[list[Minute]]

    @property
    def minutes(self) -> int:
        """How many minutes there are."""
        return sum(len(day) for day in self.days)


@dataclass(frozen=True)
class Result:
    """The table and the figures of one bench."""

    sample: str
    series: int
    minutes: int
    delta_entropy: float
    table: dict[str, dict[int, float]]
    figures: list[Figure]


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini bench codec`."""
    parser.add_argument("--train", nargs="+", type=Path, metavar="FILE", help="learn from these instead")
    parser.add_argument("--test", nargs="+", type=Path, metavar="FILE", help="measure on these instead")
    parser.add_argument(
        "--telemetry",
        type=Path,
        default=TELEMETRY,
        metavar="DIR",
        help=f"the recordings (default {TELEMETRY})",
    )
    parser.add_argument(
        "--fuzz",
        nargs="?",
        type=int,
        const=_FUZZED,
        metavar="N",
        help=f"instead, feed the decoder N bad inputs (default {_FUZZED:,})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 when the decoder broke."""
    if args.fuzz is not None:
        return _fuzz(args.fuzz, args.json)
    if (args.train is None) != (args.test is None):
        raise OperatorError("--train and --test go together")
    result = _own_files(args.train, args.test) if args.train else _recordings(args.telemetry)
    if args.json:
        print(json.dumps({"bench": "codec", **asdict(result)}, indent=2))
    else:
        print(_text(result))
    return 0


def _fuzz(count: int, as_one_object: bool) -> int:
    if count < 1:
        raise OperatorError(f"--fuzz {count} is no number of inputs; give 1 or more")
    progress = Progress("bench codec --fuzz", count, SystemClock())
    fuzzed = fuzz(count, progress=progress.show)
    progress.done()
    print((as_json if as_one_object else as_text)("codec --fuzz", fuzzed.figures))
    return 1 if fuzzed.broken else 0


def _recordings(folder: Path) -> Result:
    """The two sites of our recordings, each the other's stranger; and sites strange to the shipped model."""
    site, stranger = folder / SITE, folder / STRANGER
    if not site.exists():
        raise OperatorError(f"no recordings in {folder}; give --telemetry DIR, or --train and --test files")
    progress = Progress("bench codec", 10, SystemClock())
    in_2016 = every(_TRAIN_EVERY // 2, 0, date(2016, 1, 1), date(2017, 1, 1))
    in_2017 = every(_TEST_EVERY, _TEST_OFFSET, date(2017, 1, 1), date(2018, 1, 1))
    own = _learned(_read([site], in_2016), by_name=True)
    progress.show(2)
    house = _kept(house_recordings(_HOUSE_DAYS))
    of_site = _learned([*_read([site], every(2 * _TRAIN_EVERY)), *house()], by_name=False)
    progress.show(4)
    of_stranger = _learned([*_read([stranger], every(_TRAIN_EVERY // 2)), *house()], by_name=False)
    progress.show(5)
    tested = _sample("inst1, 2017", [site], in_2017)
    strange = _sample("inst5", [stranger], every(_TEST_EVERY, _TEST_OFFSET))
    progress.show(6)
    models = {"site's own model (inst1, 2016)": own, "never seen (inst5 and a house)": of_stranger}
    table = _table(tested, models)
    progress.show(8)
    figures = [
        _figure(
            "own model, inst1 2016 -> 2017", table["range coder, site's own model (inst1, 2016), chained"][15]
        ),
        _figure(
            "never seen, inst5 -> inst1 2017",
            table["range coder, never seen (inst5 and a house), chained"][15],
        ),
        _figure("never seen, inst1 -> inst5", _size(strange, _range(strange, of_site), 15)),
        _figure("shipped (has seen both), inst1 2017", table["range coder, shipped model, chained"][15]),
        _figure("shipped (has seen both), inst5", _size(strange, _range(strange, None), 15)),
        _figure("order-0 delta entropy, inst5", delta_entropy(strange)),
        *_strangers(folder.parent / DATALOGS),
        *outage_figures(),
        *_speed(tested),
    ]
    progress.done()
    return Result(tested.name, len(tested.kinds), tested.minutes, delta_entropy(tested), table, figures)


def _strangers(folder: Path) -> list[Figure]:
    """Datalogs of two more sites, that neither the shipped model nor any other here learned from."""
    figures = []
    for path in sorted(folder.glob("LG*.CSV")):
        sample = _sample(path.name, [path], every(1))
        name = f"shipped, never seen, {path.name}, {len(sample.kinds)} series"
        figures.append(
            replace(
                _figure(name, _size(sample, _range(sample, None), 15)),
                peer=delta_entropy(sample),
                peer_name="order-0 delta entropy",
            )
        )
    return figures


def _own_files(train: list[Path], test: list[Path]) -> Result:
    progress = Progress("bench codec", 3, SystemClock())
    model = _learned(_read(train, every(1)), by_name=True)
    progress.show(1)
    sample = _sample(", ".join(path.name for path in test), test, every(1))
    progress.show(2)
    table = _table(sample, {"model of --train": model})
    figures = _speed(sample)
    progress.done()
    return Result(sample.name, len(sample.kinds), sample.minutes, delta_entropy(sample), table, figures)


def delta_entropy(sample: Sample) -> float:
    """Shannon's order-0 entropy of the minute-to-minute differences, all series, in bytes a minute.

    What a coder reaches that knows each series' distribution exactly and nothing of what goes with what.
    """
    bits = 0.0
    for position in range(len(sample.kinds)):
        counts = Counter(
            (after.values[position] or 0) - (before.values[position] or 0)
            for day in sample.days
            for before, after in itertools.pairwise(day)
        )
        total = counts.total()
        bits -= sum(count / total * math.log2(count / total) for count in counts.values())
    return bits / 8


def _learned(recordings: Iterable[Recording], *, by_name: bool) -> Model:
    tally = Tally(by_name)
    learn_from(tally, recordings)
    return tally.fit()


def _kept(recordings: Iterable[Recording]) -> Callable[[], list[Recording]]:
    """Recordings to be read more than once."""
    kept = [(recording.kinds, list(recording.days)) for recording in recordings]
    return lambda: [Recording(kinds, iter(days)) for kinds, days in kept]


def _sample(name: str, files: Sequence[Path], wanted: Wanted) -> Sample:
    recordings = _read(files, wanted)
    kinds = recordings[0].kinds
    days = [
        day for recording in recordings if recording.kinds == kinds for day in recording.days if len(day) > 60
    ]
    if not days:
        raise OperatorError("the files to measure on hold no day of more than an hour")
    return Sample(name, kinds, days)


def _read(files: Sequence[Path], wanted: Wanted) -> list[Recording]:
    return [recording for file in files for recording in read_recordings(file, wanted)]


def _table(sample: Sample, models: dict[str, Model]) -> dict[str, dict[int, float]]:
    codings = plain_codings(sample.kinds)
    for name, model in {**models, "shipped model": None}.items():
        codec = RangeCodec(sample.kinds, model)
        codings[f"range coder, {name}, self-contained"] = by_codec(codec, chained=False)
        codings[f"range coder, {name}, chained"] = by_codec(codec, chained=True)
    return {
        name: {batch: _size(sample, coding, batch) for batch in BATCHES} for name, coding in codings.items()
    }


def _range(sample: Sample, model: Model | None) -> Coding:
    return by_codec(RangeCodec(sample.kinds, model), chained=True)


def _size(sample: Sample, coding: Coding, batch: int) -> float:
    """Bytes a minute in messages of `batch` minutes."""
    size = minutes = 0
    for day in sample.days:
        for start in range(1, len(day) - batch + 1, batch * _STRIDES[batch]):
            size += len(coding(day[start : start + batch], day[start - 1]))
            minutes += batch
    return size / minutes


def _speed(sample: Sample) -> list[Figure]:
    """Time to code and decode a minute of 40 series, the first ones repeated, in messages of 15 and of 1."""
    kinds = (*sample.kinds, *sample.kinds)[:40]
    day = [Minute(minute.minute, (minute.values * 2)[: len(kinds)]) for minute in sample.days[0]]
    codec = RangeCodec(kinds)
    return [
        Figure(
            f"code and decode, {len(kinds)} series, batch {batch}",
            _time_ms(codec, day, batch),
            "ms CPU a minute",
        )
        for batch in (1, 15)
    ]


def _time_ms(codec: MinuteCodec, day: Sequence[Minute], batch: int) -> float:
    spent, minutes = 0, 0
    for start in range(1, len(day) - batch + 1, batch):
        run, base = list(day[start : start + batch]), day[start - 1]
        before = time.process_time_ns()
        encoder = codec.encoder(base)
        for minute in run:
            encoder.add(minute)
        decoded = codec.decode(encoder.finish(), base, len(base.values))
        spent += time.process_time_ns() - before
        minutes += batch
        if decoded != run:
            raise AssertionError(f"the minutes from {run[0].minute} on did not come out as they went in")
    return spent / minutes / 1e6


def _figure(name: str, value: float) -> Figure:
    return Figure(f"batch 15, chained: {name}", value, "B a minute")


def _text(result: Result) -> str:
    width = max(map(len, result.table))
    head = (
        f"{result.series} series, {result.minutes} minutes ({result.sample}); bytes a minute in messages of"
    )
    lines = [head, f"{'':<{width}}" + "".join(f"{batch:>8}" for batch in BATCHES)]
    for name, sizes in result.table.items():
        lines.append(f"{name:<{width}}" + "".join(f"{sizes[batch]:>8.2f}" for batch in BATCHES))
    lines.append(f"{'order-0 entropy of the differences':<{width}}{result.delta_entropy:>8.2f}")
    return "\n".join([*lines, "", as_text("codec", result.figures)])
