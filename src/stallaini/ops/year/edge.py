"""The edge's program in a simulated year: opened, stopped and opened again over the same data folder."""

from __future__ import annotations

import os
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import CoapExchange
from stallaini.edge.meter import open_meter
from stallaini.edge.pacer import Send
from stallaini.edge.program import open_core
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore
from stallaini.ops.virtual_site import VirtualSite
from stallaini.ops.year.line import Line
from stallaini.site.config import SiteConfig

_CONTEXTS_FILE = "link.db"


class VirtualEdge:
    """Starts and stops the program of one site's edge; journal, keys and usage lie in files."""

    def __init__(
        self,
        config: SiteConfig,
        folder: Path,
        clock: VirtualClock,
        join: Join,
        line: Line,
        site: VirtualSite,
    ) -> None:
        self._config = config
        self._folder = folder
        self._clock = clock
        self._join = join
        self._line = line
        self._site = site
        self._boot_id = os.urandom(8)
        self._contexts: ContextStore
        self._core: EdgeCore
        self.ip_bytes = 0
        self.starts = 0

    def start(self) -> None:
        """The program starts."""
        self._folder.mkdir(exist_ok=True)
        self._contexts = ContextStore(self._folder / _CONTEXTS_FILE)
        self._meter = open_meter(self._config, self._folder, self._clock)
        self._line.coap = CoapExchange(self._contexts, self._join, meter=self._meter)
        self._core = open_core(
            self._config, self._folder, self._clock, self._line, self._boot_id, self._meter
        )
        self._core.started()
        self._site.connect(self._core, self._folder)
        self.starts += 1

    async def minute_over(self) -> None:
        """What the running program does at the end of a minute: close it, send what is due."""
        self._core.tick()
        while (await self._core.courier.step()).send is not Send.WAIT:
            pass

    async def flush(self) -> bool:
        """Bring all to the server; whether it has all."""
        return await self._core.flush()

    async def stop(self) -> None:
        """The program ends in order; the rest of its running minute is lost with it."""
        self._site.disconnect()
        self._core.stopped()
        await self._line.new_address()
        self._line.coap = None
        self.ip_bytes += self._meter.own_bytes
        self._contexts.close()
