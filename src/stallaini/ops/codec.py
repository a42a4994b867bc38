"""`stallaini codec`: learn a minute model from recorded minutes."""

from __future__ import annotations

import argparse
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.link.model import Model
from stallaini.link.model_fit import Tally
from stallaini.ops.codec_sources import every, read_recordings
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
    train.add_argument("files", nargs="+", type=Path, metavar="FILE")
    train.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the model file to write")
    train.add_argument(
        "--site", action="store_true", help="learn each series by its name too: for one site's own model"
    )
    train.add_argument(
        "--every", type=int, default=4, metavar="N", help="learn from each Nth day (default 4; 1: all)"
    )


def run(args: argparse.Namespace) -> int:
    """Learn and write."""
    if args.every < 1:
        raise OperatorError("--every must be 1 or more")
    model = learn(args.files, by_name=args.site, every_days=args.every)
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_bytes(model.encode())
    except OSError as error:
        raise OperatorError(f"cannot write {args.out}: {error.strerror}") from error
    print(f"{args.out}: model {model.id.hex()}, {args.out.stat().st_size:,} bytes")
    return 0


def learn(files: list[Path], *, by_name: bool, every_days: int) -> Model:
    """The model of every `every_days`th day of the files. Raises OperatorError when they hold no minute."""
    tally, days, sources = Tally(by_name), 0, list[str]()
    progress = Progress("learning", len(files), SystemClock())
    for number, file in enumerate(files):
        progress.show(number)
        # A datalog is one day: there it is files that are left out.
        step = 1 if file.suffix.upper() == ".CSV" and file.name.upper().startswith("LG") else every_days
        learned = 0
        for recording in read_recordings(file, every(step)):
            for minutes in recording.days:
                tally.learn(recording.kinds, minutes)
                learned += len(minutes) > 1
        days += learned
        sources.append(f"{file.name}: {learned} days")
    progress.done()
    if not days:
        raise OperatorError("the files hold no day to learn from; try --every 1")
    return tally.fit(sources)
