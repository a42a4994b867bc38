"""`stallaini codec`: learn a minute model from recorded minutes."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.link.model import Model
from stallaini.link.model_fit import Tally
from stallaini.ops.codec_house import house_recordings
from stallaini.ops.codec_sources import Recording, every, read_recordings
from stallaini.ops.progress import Progress


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini codec`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="train")
    train = actions.add_parser(
        "train",
        help="learn a minute model",
        description="learn a minute model from minute CSVs (.csv, .csv.xz), Studer datalogs or a server.db",
        epilog="example: stallaini codec train LG1607*.CSV --site --out models/noto.json",
    )
    train.add_argument("files", nargs="*", type=Path, metavar="FILE")
    train.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the model file to write")
    train.add_argument(
        "--site", action="store_true", help="learn each series by its name too: for one site's own model"
    )
    train.add_argument(
        "--every", type=int, default=4, metavar="N", help="learn from each Nth day (default 4; 1: all)"
    )
    train.add_argument(
        "--house", type=int, default=0, metavar="DAYS", help="learn from a simulated house too (default 0)"
    )


def run(args: argparse.Namespace) -> int:
    """Learn and write."""
    if args.every < 1:
        raise OperatorError("--every must be 1 or more")
    if args.house < 0 or not (args.files or args.house):
        raise OperatorError("there is nothing to learn from; name files, or give --house DAYS")
    model = learn(args.files, by_name=args.site, every_days=args.every, house_days=args.house)
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_bytes(model.encode())
    except OSError as error:
        raise OperatorError(f"cannot write {args.out}: {error.strerror}") from error
    print(f"{args.out}: model {model.id.hex()}, {args.out.stat().st_size:,} bytes")
    return 0


def learn(files: list[Path], *, by_name: bool, every_days: int, house_days: int = 0) -> Model:
    """The model of every `every_days`th day of the files and of some days of the simulated house.

    Raises OperatorError when they hold no minute.
    """
    tally, sources = Tally(by_name), list[str]()
    progress = Progress("learning", len(files) + 1, SystemClock())
    learned = 0
    for number, file in enumerate(files):
        progress.show(number)
        # A datalog is one day: there it is files that are left out.
        step = 1 if file.suffix.upper() == ".CSV" and file.name.upper().startswith("LG") else every_days
        days = learn_from(tally, read_recordings(file, every(step)))
        sources.append(f"{file.name}: {days} days")
        learned += days
    if house_days:
        progress.show(len(files))
        learned += learn_from(tally, house_recordings(house_days))
        sources.append(f"simulated house: {house_days} days")
    progress.done()
    if not learned:
        raise OperatorError("the files hold no day to learn from; try --every 1")
    return tally.fit(sources)


def learn_from(tally: Tally, recordings: Iterable[Recording]) -> int:
    """Learn from all days of the recordings; how many there were."""
    days = 0
    for recording in recordings:
        for minutes in recording.days:
            tally.learn(recording.kinds, minutes)
            days += len(minutes) > 1
    return days
