"""The mobile line of a simulated year: real messages over loopback, or nothing while it is down."""

from __future__ import annotations

from stallaini.edge.exchange import CoapExchange, LinkDown


class Line:
    """An exchange that counts what passes and can be taken down; it outlives the edge's restarts.

    While it is down a message fails at once, as where the modem has no carrier: the transport's own
    repetitions wait in real time.
    """

    def __init__(self) -> None:
        self.coap: CoapExchange | None = None
        self.down = False
        self.messages = self.up_bytes = self.down_bytes = 0

    async def __call__(self, payload: bytes) -> bytes:
        """The server's answer. Raises LinkDown."""
        if self.down or self.coap is None:
            raise LinkDown("no carrier")
        answer = await self.coap(payload)
        self.messages += 1
        self.up_bytes += len(payload)
        self.down_bytes += len(answer)
        return answer

    async def new_address(self) -> None:
        """The carrier gives the modem another address, as it does daily: a new socket with another port."""
        if self.coap is not None:
            await self.coap.close()
