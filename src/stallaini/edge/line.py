"""The metered interface as it is: which one, what passed on it, and what of that a WireGuard tunnel took."""

from __future__ import annotations

import logging
from typing import NamedTuple

from stallaini.edge.interfaces import (
    Change,
    Counters,
    Passed,
    change,
    default_interface,
    frame_bytes,
    is_kernel_wireguard,
    read_counters,
)
from stallaini.edge.usage import Seen
from stallaini.site.config import LinkConfig

logger = logging.getLogger(__name__)

NO_INTERFACE = "none"
_METERED, _VPN = "metered", "vpn"
# WireGuard's messages ("WireGuard: Next Generation Kernel Network Tunnel", section 5.4): header and tag
# of a packet; and whole handshake messages, at the IP level, the last being the empty packet that ends it.
_UDP_BYTES, _TAG_BYTES, _MEAN_PADDING_BYTES = 28, 32, 8
_INITIATION_BYTES, _RESPONSE_BYTES, _CONFIRMATION_BYTES = 176, 120, 60
_REKEY_S = 120.0


class Traffic(NamedTuple):
    """What passed on the metered interface, and what of it was (by estimate) the tunnel's."""

    total: Passed
    vpn: Passed


class Line:
    """Reads the counters of the metered interface and of the tunnel on it.

    `seen`, which a restarted program gets back, is kept up to date with every reading. The metered
    interface is the one named, or the default route's of the moment; counters of another one begin anew.
    """

    def __init__(self, link: LinkConfig, boot_id: str, seen: dict[str, Seen]) -> None:
        self._named = link.interface
        self._vpn = link.vpn_interface
        self._boot_id = boot_id
        self._seen = seen
        self._handshake_s: float | None = None
        self.interface: str | None = None

    def passed(self, now_s: float) -> Traffic | None:
        """What passed since the last call; None where no interface can be read, and at the first sight."""
        self._find()
        if self.interface is None:
            return None
        metered = self._look(_METERED, self.interface)
        vpn = None if self._vpn is None else self._look(_VPN, self._vpn)
        if metered is None:
            return None
        total = metered.weighed(-frame_bytes(self.interface))
        return Traffic(total, Passed(0, 0) if vpn is None else self._outside(vpn, now_s))

    def _find(self) -> None:
        wanted = default_interface() if self._named is None else self._named
        found = None if wanted == NO_INTERFACE else wanted
        if found != self.interface:
            logger.info("the metered interface is %s", found or "not known: only the link's own bytes count")
            self.interface = found

    def _look(self, role: str, interface: str) -> Change | None:
        counters = read_counters(interface)
        before = self._seen.get(role)
        if counters is None:
            return None
        self._seen[role] = Seen(self._boot_id, interface, counters)
        if before is None or (before.boot_id, before.interface) != (self._boot_id, interface):
            return None
        return change(Counters(*before.counters), counters)

    def _outside(self, inside: Change, now_s: float) -> Passed:
        """What a tunnel's traffic takes on the interface below it."""
        assert self._vpn is not None
        if is_kernel_wireguard(self._vpn):
            return inside.weighed(_UDP_BYTES)  # counted encrypted, handshakes too
        carried = inside.weighed(_UDP_BYTES + _TAG_BYTES + _MEAN_PADDING_BYTES)
        if not any(inside) or (self._handshake_s is not None and now_s - self._handshake_s < _REKEY_S):
            return carried
        self._handshake_s = now_s
        return Passed(
            carried.up_bytes + _INITIATION_BYTES + _CONFIRMATION_BYTES,
            carried.down_bytes + _RESPONSE_BYTES,
        )
