"""What the edge takes on its machine: memory and processor, with the twin's traffic and a live server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore
from stallaini.ops.bench.report import Figure
from stallaini.ops.bench.wire import SITE_FILE
from stallaini.ops.children import Children
from stallaini.server.options import CONTEXTS_FILE
from stallaini.server.program import Server, ServerOptions

_WARM_UP_S = 6.0
_BARE = "import asyncio, sqlite3; print(open('/proc/self/status').read())"


async def measure(folder: Path, seconds: float) -> list[Figure]:
    """Run twin and edge as programs for `seconds`; a bare interpreter's memory beside it."""
    clock = SystemClock()
    server = Server(ServerOptions(folder, ("127.0.0.1", 0), ("127.0.0.1", 0)), clock)
    await server.start()
    await server.store.add_site("bench", 0)
    contexts = ContextStore(folder / CONTEXTS_FILE)
    join = admit(contexts, "bench", "127.0.0.1", server.coap.port)
    contexts.close()
    children = Children(folder)
    bus = f"simbus:{folder / 'can.sock'}"
    try:
        children.start("twin", "twin", "--bus", bus)
        edge = children.start(
            "edge", "edge", str(SITE_FILE), "--data", str(folder / "edge"), "--join", join.line(),
            "--bus", bus,
        )  # fmt: skip
        await clock.sleep(_WARM_UP_S)
        before_cpu_s, before_s = _cpu_s(edge), clock.monotonic_s()
        await clock.sleep(seconds)
        children.check()
        cpu_pct = 100 * (_cpu_s(edge) - before_cpu_s) / (clock.monotonic_s() - before_s)
        resident_mb = _resident_mb(_status(edge))
    finally:
        await asyncio.to_thread(children.stop)
        await server.close()
    bare = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _BARE], capture_output=True, text=True, check=True
    )
    name = "a bare interpreter with asyncio and sqlite3"
    return [
        Figure(
            "edge, resident memory", resident_mb, "MB", note=f"{name}: {_resident_mb(bare.stdout):.1f} MB"
        ),
        Figure("edge, processor time", cpu_pct, "% of a core", note="6 frames a second"),
    ]


def _cpu_s(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(process_id: int) -> str:
    return Path(f"/proc/{process_id}/status").read_text()


def _resident_mb(status: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1000
