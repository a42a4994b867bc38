"""Programs started together that end together."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

from stallaini.errors import OperatorError

_STOP_S = 5.0
_TAIL_LINES = 12


class Children:
    """Stallaini verbs run as subprocesses; each writes to NAME.log in one folder."""

    def __init__(self, log_folder: Path) -> None:
        self._folder = log_folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str) -> int:
        """Start `stallaini WORDS`, where Ctrl-C reaches us alone; its process id."""
        with self.log_path(name).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "stallaini.cli", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process
        return process.pid

    def log_path(self, name: str) -> Path:
        """Where the program of that name writes."""
        return self._folder / f"{name}.log"

    def check(self) -> None:
        """Raise OperatorError with the end of its log when one of them has ended."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                tail = "\n".join(self.log_path(name).read_text().splitlines()[-_TAIL_LINES:])
                raise OperatorError(f"the {name} ended with code {process.returncode}; it said:\n{tail}")

    def stop(self) -> None:
        """End them all, the last started first; those that do not listen are killed."""
        for process in reversed(self._processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
