"""Minutes by a range coder and a model: about half of what `DeltaCodec` takes. Pure, no I/O.

Built for one description's series and one model; docs/explanation/the-codec.md tells how it works.
"""

from __future__ import annotations

from collections.abc import Sequence

from stallaini.link.codec import CODECS, MinuteCodec, check_minute
from stallaini.link.codec_reader import MinuteReader
from stallaini.link.codec_state import Layout
from stallaini.link.codec_writer import MinuteWriter
from stallaini.link.messages import Minute
from stallaini.link.model import Model, SeriesKind, series_kinds, shipped_model
from stallaini.link.rangecoder import RangeDecoder, RangeEncoder
from stallaini.link.varint import Malformed
from stallaini.site.description import Description

SHIPPED, NAMED = 2, 3
"""Codec versions: the shipped model; the model of the site's own that its description names."""


class UnknownModel(Exception):
    """The minutes are coded by a model this end does not have: nothing can be read until it is brought."""


class RangeCodec:
    """Codes the minutes of one site. `version` is SHIPPED for the shipped model and NAMED for any other."""

    def __init__(self, kinds: Sequence[SeriesKind], model: Model | None = None) -> None:
        chosen = shipped_model() if model is None else model
        self.version = SHIPPED if model is None else NAMED
        self.layout = Layout(kinds, [chosen.odds(kind) for kind in kinds])

    def encoder(self, base: Minute | None) -> RangeMinuteEncoder:
        """A fresh run of minutes, chained to `base` or self-contained."""
        if base is not None and len(base.values) != self.layout.width:
            raise ValueError(f"a base of {len(base.values)} series for minutes of {self.layout.width}")
        return RangeMinuteEncoder(self.layout, base)

    def decode(self, data: bytes, base: Minute | None, width: int) -> list[Minute]:
        """The minutes in `data`. Raises Malformed."""
        if width != self.layout.width or (base is not None and len(base.values) != width):
            raise ValueError(f"a codec of {self.layout.width} series for minutes of {width}")
        if not data:
            return []
        decoder = RangeDecoder(data)
        reader = MinuteReader(self.layout, base, decoder.bit)
        minutes = []
        while (minute := reader.read()) is not None:
            minutes.append(minute)
        if decoder.position < len(data):
            raise Malformed(f"{len(data) - decoder.position} bytes too many")
        return minutes


class RangeMinuteEncoder:
    """A run being coded; see `MinuteEncoder`."""

    def __init__(self, layout: Layout, base: Minute | None) -> None:
        self._coder = RangeEncoder()
        self._writer = MinuteWriter(layout, base, self._coder.bit)

    def add(self, minute: Minute) -> int:
        """Code one more minute; the size in bytes that `finish` would now give. Raises ValueError."""
        check_minute(minute)
        if len(minute.values) != self._writer.layout.width:
            raise ValueError(
                f"a minute of {len(minute.values)} series after one of {self._writer.layout.width}"
            )
        if self._writer.minutes == self._writer.layout.max_minutes:
            raise ValueError(f"a run holds at most {self._writer.layout.max_minutes} minutes")
        self._writer.write(minute)
        return len(self.finish())

    def finish(self) -> bytes:
        """The minutes so far as bytes."""
        if not self._writer.minutes:
            return b""
        return self._coder.finish((self._writer.stop_odds(), 0))


class Codecs:
    """The ways of coding one description's minutes that an end knows.

    `own` is that of the model the description names, if it is among `models`; `preferred` what an edge
    codes by.
    """

    def __init__(self, description: Description, models: Sequence[Model] = ()) -> None:
        kinds = series_kinds(description)
        self.width = len(kinds)
        self.shipped = RangeCodec(kinds)
        self._named = description.minute_model
        own = next((model for model in models if model.id.hex() == self._named), None)
        self.own = None if own is None else RangeCodec(kinds, own)
        self.preferred = self.own or self.shipped

    def chosen(self, version: int) -> MinuteCodec:
        """The codec of a message's codec `version`.

        Raises UnknownModel; Malformed for a version that is none.
        """
        if version == SHIPPED:
            return self.shipped
        if version == NAMED:
            if self.own is None:
                raise UnknownModel(f"no minute model {self._named or 'is named'} here")
            return self.own
        if version not in CODECS:
            raise Malformed(f"a minute codec {version}")
        return CODECS[version]
