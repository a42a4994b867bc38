"""An edge's and a server's namespace joined by a virtual cable that loses, slows, breaks and renumbers."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stallaini.errors import OperatorError
from stallaini.ops.netlab.namespace import FOLDER, Namespace
from stallaini.ops.netlab.tools import CABLE_TOOLS, require, tool

CABLE = "cable0"
EDGE_ADDRESS, SERVER_ADDRESS = "192.0.2.1", "192.0.2.2"  # addresses for documentation: nobody's (RFC 5737)
PREFIX = "stallaini-"
_NUMBERS = itertools.count()
_END_TRIES, _END_PAUSE_S = 40, 0.05


class Pair:
    """Two namespaces; `edge` has 192.0.2.1 on its end of the cable, `server` 192.0.2.2."""

    def __init__(self, edge: Namespace, server: Namespace) -> None:
        self.edge, self.server = edge, server
        self._address = EDGE_ADDRESS

    def connect(self) -> None:
        """Lay the cable."""
        edge, server = self.edge, self.server
        edge.prepare()
        server.prepare()
        tool(
            "ip", "link", "add", CABLE, "netns", edge.name, "gso_max_segs", "1",
            "type", "veth", "peer", "name", CABLE, "netns", server.name,
        )  # fmt: skip
        for side, address in ((edge, EDGE_ADDRESS), (server, SERVER_ADDRESS)):
            # One packet per segment, as on a real modem: else the counter would see merged ones.
            side.ip("link", "set", CABLE, "gso_max_segs", "1")
            side.ip("addr", "add", f"{address}/24", "dev", CABLE)
            side.ip("link", "set", CABLE, "up")

    def lose(self, share: float) -> None:
        """Drop this share (0 to 1) of the UDP datagrams that arrive, at random, in both directions."""
        for side in (self.edge, self.server):
            side.tool("iptables", "-F", "INPUT")
            if share:
                side.tool(
                    "iptables", "-A", "INPUT", "-p", "udp", "-m", "statistic", "--mode", "random",
                    "--probability", str(share), "-j", "DROP",
                )  # fmt: skip

    def dropped(self) -> int:
        """How many datagrams `lose` has dropped since it was called."""
        total = 0
        for side in (self.edge, self.server):
            for line in side.tool("iptables", "-L", "INPUT", "-v", "-x", "-n").splitlines():
                fields = line.split()
                total += int(fields[0]) if fields[2:3] == ["DROP"] else 0
        return total

    def slow(self, kbit_s: int) -> None:
        """Let both directions pass at most `kbit_s`; what waits longer than 3 s is dropped."""
        for side in (self.edge, self.server):
            side.tool(
                "tc", "qdisc", "replace", "dev", CABLE, "root", "tbf", "rate", f"{kbit_s}kbit",
                "burst", "1600", "latency", "3s",
            )  # fmt: skip

    def cut(self) -> None:
        """Take the edge's interface down, as a modem that lost its network."""
        self.edge.ip("link", "set", CABLE, "down")

    def mend(self) -> None:
        """Bring the edge's interface up again."""
        self.edge.ip("link", "set", CABLE, "up")

    def renumber_edge(self, address: str) -> None:
        """Give the edge another address (of 192.0.2.0/24), as a modem that dialled in again."""
        self.edge.ip("addr", "add", f"{address}/24", "dev", CABLE)
        self.edge.ip("addr", "del", f"{self._address}/24", "dev", CABLE)
        if not self.edge.ip("addr", "show", "dev", CABLE).count(address):
            self.edge.ip("addr", "add", f"{address}/24", "dev", CABLE)  # the kernel drops secondaries too
        self._address = address


@contextmanager
def open_pair() -> Iterator[Pair]:
    """A pair for as long as the block lasts; whatever happens in it, nothing stays behind.

    Raises OperatorError without root or without the tools.
    """
    require(*CABLE_TOOLS)
    sweep()
    base = f"{PREFIX}{os.getpid()}-{next(_NUMBERS)}"
    with ExitStack() as stack:
        sides = []
        for side in ("edge", "server"):
            sides.append(Namespace(f"{base}-{side}"))
            stack.callback(sides[-1].remove)
        pair = Pair(*sides)
        pair.connect()
        yield pair


def sweep() -> None:
    """Remove what a run that was killed left behind: its namespaces and the programs in them."""
    for path in FOLDER.glob(f"{PREFIX}*"):
        owner = path.name.removeprefix(PREFIX).split("-")[0]
        if not owner.isdecimal() or Path(f"/proc/{owner}").exists():
            continue
        try:
            for number in (signal.SIGTERM, signal.SIGKILL):  # asked first, wireguard-go removes its socket
                _end_programs(path.name, number)
            tool("ip", "netns", "del", path.name)
        except OperatorError:
            if path.exists():  # else another run has swept it meanwhile
                raise


def _end_programs(namespace: str, number: signal.Signals) -> None:
    """Signal the programs in a namespace, and give them a moment to end."""
    for process_id in tool("ip", "netns", "pids", namespace).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process_id), number)
    for _ in range(_END_TRIES):
        if not tool("ip", "netns", "pids", namespace):
            return
        time.sleep(_END_PAUSE_S)
