"""A server in a process of its own, to be killed: prints its port, appends what it was given to a file."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.link.oscore import ContextStore
from stallaini.server.coap import CoapEndpoint


async def main(contexts: Path, log: Path) -> None:
    async def handle(_site: str, payload: bytes) -> bytes:
        with log.open("ab") as file:
            file.write(payload + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return b"ok"

    endpoint = CoapEndpoint(ContextStore(contexts), handle, SystemClock(), bind=("127.0.0.1", 0))
    await endpoint.start()
    print(endpoint.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
