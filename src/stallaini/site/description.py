"""The compiled description of a site: what travels once over the link, so that messages carry no names."""

from __future__ import annotations

import hashlib
import zlib

import msgspec

HASH_BYTES = 8
_MAX_BYTES = 64 * 1024


class ChannelSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """One channel: full name (`battery.current`), its quantity with unit and resolution, its staleness.

    `states` are the words for the numbers of a state, as (number, word) pairs; empty for anything else.
    """

    name: str
    quantity: str
    unit: str
    resolution: float
    stale_after_s: float
    states: tuple[tuple[int, str], ...] = ()

    def word(self, value: float) -> str | None:
        """What a state's number means, `unknown (n)` for one without a word; None when this is no state."""
        if not self.states:
            return None
        return dict(self.states).get(int(value), f"unknown ({value:g})")


class SeriesSpec(msgspec.Struct, frozen=True):
    """One series: full name (`battery.current.mean`), its channel and aggregate, unit and resolution."""

    name: str
    channel: str
    aggregate: str
    unit: str
    resolution: float


class DeviceSpec(msgspec.Struct, frozen=True):
    """One device as people read it."""

    name: str
    kind: str
    title: str


class LoadSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """One switchable consumer, its rated power, and the power channel of its meter if it has one."""

    name: str
    title: str
    power_w: float
    channel: str = ""


class AlarmSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alarm that the site may raise, as people read it.

    `severity` is info, warning or critical. Where the description leaves out titles or the unit they are
    the standard ones: `site/alarms.py`, `alarm_specs`, fills them in. `channel` is empty and the levels are
    None where a rule has none. `enabled` False: the standing rule of that name is switched off.
    """

    name: str
    severity: str
    title_en: str = ""
    title_it: str = ""
    channel: str = ""
    unit: str = ""
    raise_level: float | None = None
    clear_level: float | None = None
    enabled: bool = True


class Description(msgspec.Struct, frozen=True, omit_defaults=True):
    """A site as the server and people need to know it.

    Positions in `series` and `channels` are what the wire uses instead of names. `minute_model` is the
    id, in hex, of the model of the site's own by which its minutes may be coded; empty when it has none.
    `alarms` are the rules but for those of trouble flags, which every flag has: see `site/alarms.py`.
    """

    site: str
    title: str
    timezone: str
    latitude: float | None
    longitude: float | None
    devices: tuple[DeviceSpec, ...]
    channels: tuple[ChannelSpec, ...]
    series: tuple[SeriesSpec, ...]
    loads: tuple[LoadSpec, ...]
    minute_model: str = ""
    alarms: tuple[AlarmSpec, ...] = ()

    def encode(self) -> bytes:
        """Canonical JSON, deflated: the bytes that travel and are hashed."""
        return zlib.compress(msgspec.json.encode(self), 9)

    def hash(self) -> bytes:
        """The first 8 bytes of SHA-256 over `encode()`."""
        return description_hash(self.encode())


def description_hash(encoded: bytes) -> bytes:
    """The hash that names an encoded description on the wire."""
    return hashlib.sha256(encoded).digest()[:HASH_BYTES]


def decode_description(encoded: bytes) -> Description:
    """The description in `encoded`. Raises ValueError when the bytes are not one."""
    try:
        inflater = zlib.decompressobj()
        data = inflater.decompress(encoded, _MAX_BYTES)
        return msgspec.json.decode(data, type=Description)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ValueError(f"not a site description: {error}") from error
