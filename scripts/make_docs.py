"""Write docs/reference/command-line.md from the parsers themselves."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from stallaini.cli import VERBS, Verb

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "command-line.md"
_OPENING = """# The command line

`stallaini VERB [...]`; exit code 0: done, 1: failed (the last line says why and what to do), 2: wrong use.
This page is made from the program by `make docs`.
"""


def command_line() -> str:
    """The page's text."""
    os.environ["COLUMNS"] = "100"
    return "\n".join([_OPENING, *(_section(name, verb) for name, verb in VERBS.items())])


def _section(name: str, verb: Verb) -> str:
    parser = argparse.ArgumentParser(
        prog=f"stallaini {name}", description=verb.help, epilog=f"example: stallaini {verb.example}"
    )
    importlib.import_module(verb.module).configure(parser)
    return f"## {name}\n\n```text\n{parser.format_help().strip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(command_line())
