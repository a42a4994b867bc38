"""The command line: one line per verb, no logic. A verb is a module with `configure` and `run`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from stallaini import __version__
from stallaini.errors import OperatorError

OK, FAILED, WRONG_USE = 0, 1, 2


class Verb(NamedTuple):
    """One verb: the module that does it, one line of help, one example."""

    module: str
    help: str
    example: str


VERBS = {
    "demo": Verb("stallaini.ops.demo", "a whole simulated site, live on this machine", "demo"),
    "edge": Verb("stallaini.edge.cli", "the program on the site", "edge examples/stallaini.toml"),
    "server": Verb("stallaini.server.cli", "the program people reach", "server --data ./data"),
    "enrol": Verb(
        "stallaini.server.cli_enrol", "admit a site; prints its join line", "enrol noto --host HOST"
    ),
    "user": Verb("stallaini.server.cli_user", "people, tokens and the bot password", "user add anna"),
    "bot": Verb("stallaini.bot.cli", "the Telegram bot", "bot --api http://127.0.0.1:8080"),
    "check": Verb("stallaini.ops.check", "check a site file", "check examples/stallaini.toml"),
    "decode": Verb("stallaini.devices.decode_cli", "decode recorded traffic", "decode candump.log --json"),
    "replay": Verb("stallaini.ops.replay", "play a Studer datalog as CAN traffic", "replay LG160704.CSV"),
    "import": Verb(
        "stallaini.ops.importing",
        "history from elsewhere, such as a Studer SD card",
        "import datalog LG16*.CSV --site noto",
    ),
    "diagram": Verb(
        "stallaini.ops.diagram",
        "the single-line diagram of a site, as SVG",
        "diagram examples/stallaini.toml",
    ),
    "twin": Verb("stallaini.twin.cli", "a simulated site on its wires", "twin --bus simbus:/tmp/can0"),
    "codec": Verb("stallaini.ops.codec", "learn a minute model", "codec train LG1607*.CSV --out model.json"),
    "bench": Verb("stallaini.ops.bench", "measure, and print the figures", "bench quick"),
}


def _overview() -> str:
    lines = [f"  {name:<8} {verb.help}" for name, verb in VERBS.items()]
    return (
        "usage: stallaini VERB [...]\n\nverbs:\n" + "\n".join(lines) + "\n\nstallaini VERB --help tells more."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 ok, 1 failed, 2 wrong use."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        print(_overview())
        return OK if words else WRONG_USE
    if words[0] == "--version":
        print(f"stallaini {__version__}")
        return OK
    verb = VERBS.get(words[0])
    if verb is None:
        print(f"stallaini: no verb {words[0]!r}; `stallaini --help` lists them", file=sys.stderr)
        return WRONG_USE
    return _run(words[0], verb, words[1:])


def _run(name: str, verb: Verb, words: Sequence[str]) -> int:
    try:
        module = importlib.import_module(verb.module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("stallaini"):
            raise
        print(
            f"stallaini {name}: needs the package {error.name!r}, which this install leaves out; "
            "install stallaini with the extra that has it (edge or server)",
            file=sys.stderr,
        )
        return FAILED
    parser = argparse.ArgumentParser(
        prog=f"stallaini {name}", description=verb.help, epilog=f"example: stallaini {verb.example}"
    )
    module.configure(parser)
    try:
        return int(module.run(parser.parse_args(words)))
    except OperatorError as error:
        print(f"stallaini {name}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return OK


if __name__ == "__main__":
    sys.exit(main())
