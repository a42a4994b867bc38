"""Bodies that come in several blocks (RFC 7959), put together within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiocoap.message import Message

from stallaini.clock import Clock

MAX_BODY_BYTES = 64 * 1024
_FORGET_AFTER_S = 300.0


class BodyTooLarge(Exception):
    """More than MAX_BODY_BYTES, announced or sent."""


class BodyIncomplete(Exception):
    """A block that does not continue what came before."""


@dataclass
class _Partial:
    touched_s: float
    data: bytearray = field(default_factory=bytearray)


class Bodies:
    """The unfinished bodies, one per site; those left lying are forgotten after five minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._partial: dict[str, _Partial] = {}

    def take(self, site: str, request: Message) -> bytes | None:
        """Add a request's block; the whole body once it is complete, else None.

        Raises BodyTooLarge at the first block that announces or makes too much, BodyIncomplete.
        """
        block = request.opt.block1
        if block is None:
            return _bounded(request.payload)
        now_s = self._clock.monotonic_s()
        if block.block_number == 0:
            self._forget_old(now_s)
            self._partial[site] = _Partial(now_s)
        partial = self._partial.get(site)
        if partial is None or block.start != len(partial.data):
            raise BodyIncomplete
        try:
            partial.data += _bounded(request.payload, len(partial.data), request.opt.size1 or 0)
        except BodyTooLarge:
            del self._partial[site]
            raise
        partial.touched_s = now_s
        if block.more:
            return None
        return bytes(self._partial.pop(site).data)

    def _forget_old(self, now_s: float) -> None:
        for site in [s for s, p in self._partial.items() if p.touched_s < now_s - _FORGET_AFTER_S]:
            del self._partial[site]


def _bounded(payload: bytes, before_bytes: int = 0, announced_bytes: int = 0) -> bytes:
    size = max(before_bytes + len(payload), announced_bytes)
    if size > MAX_BODY_BYTES:
        raise BodyTooLarge(f"a body of {size} bytes, {MAX_BODY_BYTES} are allowed")
    return payload
