"""Minutes by a range coder and a model: about half of what `DeltaCodec` takes. Pure, no I/O.

Built for one description's series and one model; docs/explanation/the-codec.md tells how it works.
"""

from __future__ import annotations

from collections.abc import Sequence

from stallaini.link.codec import CODECS, MinuteCodec, check_minute
from stallaini.link.codec_reader import MinuteReader
from stallaini.link.codec_state import MAX_RUN_MINUTES, Layout
from stallaini.link.codec_writer import MinuteWriter
from stallaini.link.messages import Minute
from stallaini.link.model import ID_BYTES, Model, SeriesKind, series_kinds, shipped_model
from stallaini.link.rangecoder import RangeDecoder, RangeEncoder
from stallaini.link.varint import Malformed
from stallaini.site.description import Description

SHIPPED, NAMED = 2, 3
"""Codec versions: the shipped model; a model of the site's own, its id before the minutes."""


class UnknownModel(Exception):
    """The minutes are coded by a model this end does not have: answer UNKNOWN_MODEL."""


class RangeCodec:
    """Codes the minutes of one site. `version` is SHIPPED for the shipped model and NAMED for any other."""

    def __init__(self, kinds: Sequence[SeriesKind], model: Model | None = None) -> None:
        chosen = shipped_model() if model is None else model
        self.version = SHIPPED if model is None else NAMED
        self.prefix = b"" if model is None else model.id
        self.layout = Layout(kinds, [chosen.odds(kind) for kind in kinds])

    def encoder(self, base: Minute | None) -> RangeMinuteEncoder:
        """A fresh run of minutes, chained to `base` or self-contained."""
        if base is not None and len(base.values) != self.layout.width:
            raise ValueError(f"a base of {len(base.values)} series for minutes of {self.layout.width}")
        return RangeMinuteEncoder(self.layout, base, self.prefix)

    def decode(self, data: bytes, base: Minute | None, width: int) -> list[Minute]:
        """The minutes in `data`. Raises Malformed."""
        if width != self.layout.width or (base is not None and len(base.values) != width):
            raise ValueError(f"a codec of {self.layout.width} series for minutes of {width}")
        if not data:
            return []
        if not data.startswith(self.prefix):
            raise Malformed(f"not coded by the model {self.prefix.hex()}")
        coded = data[len(self.prefix) :]
        decoder = RangeDecoder(coded)
        reader = MinuteReader(self.layout, base, decoder.bit)
        minutes = []
        while (minute := reader.read()) is not None:
            minutes.append(minute)
        if decoder.position < len(coded):
            raise Malformed(f"{len(coded) - decoder.position} bytes too many")
        return minutes


class RangeMinuteEncoder:
    """A run being coded; see `MinuteEncoder`."""

    def __init__(self, layout: Layout, base: Minute | None, prefix: bytes) -> None:
        self._coder = RangeEncoder()
        self._writer = MinuteWriter(layout, base, self._coder.bit)
        self._prefix = prefix

    def add(self, minute: Minute) -> int:
        """Code one more minute; the size in bytes that `finish` would now give. Raises ValueError."""
        check_minute(minute)
        if len(minute.values) != self._writer.layout.width:
            raise ValueError(
                f"a minute of {len(minute.values)} series after one of {self._writer.layout.width}"
            )
        if self._writer.minutes == MAX_RUN_MINUTES:
            raise ValueError(f"a run holds at most {MAX_RUN_MINUTES} minutes")
        self._writer.write(minute)
        return len(self.finish())

    def finish(self) -> bytes:
        """The minutes so far as bytes."""
        if not self._writer.minutes:
            return b""
        return self._prefix + self._coder.finish((self._writer.stop_odds(), 0))


class Codecs:
    """The ways of coding one description's minutes that an end knows.

    `models` are those of sites' own that this end has beside the shipped one; an edge codes by the last.
    """

    def __init__(self, description: Description, models: Sequence[Model] = ()) -> None:
        kinds = series_kinds(description)
        self.width = len(kinds)
        self.shipped = RangeCodec(kinds)
        self.of_site = {model.id: RangeCodec(kinds, model) for model in models}

    def chosen(self, version: int, coded: bytes) -> MinuteCodec:
        """The codec that `coded` minutes of a message with codec `version` were made by.

        Raises UnknownModel; Malformed for a version that is none.
        """
        if version == SHIPPED:
            return self.shipped
        if version != NAMED:
            return CODECS[version]
        model_id = coded[:ID_BYTES]
        if model_id not in self.of_site:
            raise UnknownModel(f"no minute model {model_id.hex()} here")
        return self.of_site[model_id]
