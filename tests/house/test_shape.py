"""Ceilings that keep the code readable: file and function length, and one reader of clocks."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "stallaini"
FILES = sorted(SOURCE.rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_MODULES = 45
"""Of a package: more does not fit a screen."""
CLOCK_READS = re.compile(
    r"\btime\.(time|monotonic|perf_counter)(_ns)?\(|datetime\.(now|utcnow|today)\(|date\.today\("
)


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_file_is_long() -> None:
    assert not [str(path) for path in FILES if len(path.read_text().splitlines()) > MAX_FILE_LINES]


def test_no_package_is_crowded() -> None:
    modules = Counter(path.parent.relative_to(SOURCE) for path in FILES)
    assert not {str(package): count for package, count in modules.items() if count > MAX_MODULES}


def test_no_function_is_long() -> None:
    long = [
        f"{path.name}:{function.name}"
        for path in FILES
        for function in _functions(path)
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES
    ]
    assert not long


def test_most_functions_are_short() -> None:
    lengths = [(f.end_lineno or 0) - f.lineno + 1 for path in FILES for f in _functions(path)]
    short = sum(length <= 20 for length in lengths)
    assert short / len(lengths) > 0.8


def test_only_clock_reads_a_clock() -> None:
    readers = [path.name for path in FILES if CLOCK_READS.search(path.read_text())]
    assert readers == ["clock.py"]
