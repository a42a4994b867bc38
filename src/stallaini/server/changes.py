"""The live state as differences: what a reader who was told everything once needs to be told next. Pure.

A reader keeps of each channel its value, its quality and the instant it was read. Most channels are read
together, with each live message: of these it is enough to say the one age they have. A channel that is read
less often keeps its instant, and ages by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stallaini.server.api.models import ChannelValue, Now

# An age is shown in whole seconds and judged by the server; so far it may be off.
_AGE_MAY_BE_OFF_S = 1.5


@dataclass
class _Told:
    """What the reader believes of one channel; `read_s` is None without a value."""

    value: bool | float | None
    quality: str
    text: str | None
    read_s: float | None
    follows: bool = False


class Changes:
    """Of one stream: what was told, and what the next event says (see docs/reference/http-api.md)."""

    def __init__(self, first: Now) -> None:
        self._tell_all(first)

    def next(self, now: Now) -> tuple[str, str]:
        """The next event's name and data: `changes`, or `now` where the channels are other ones."""
        if tuple(now.channels) != self._names:
            self._tell_all(now)
            return "now", now.model_dump_json()
        return "changes", json.dumps(self._changes(now), separators=(",", ":"))

    def _tell_all(self, now: Now) -> None:
        self._names = tuple(now.channels)
        self._state = now.state
        self._at_s = _seconds(now.at)
        self._told = [
            _Told(c.value, c.quality, c.text, None if c.age_s is None else self._at_s - c.age_s)
            for c in now.channels.values()
        ]

    def _changes(self, now: Now) -> dict[str, Any]:
        after_s = round(_seconds(now.at) - self._at_s, 1)
        self._at_s += after_s
        said: dict[str, Any] = {"t": after_s, "a": now.age_s, "v": [], "o": [], "q": {}, "x": {}}
        if now.state != self._state:
            said["s"] = self._state = now.state
        for index, (told, channel) in enumerate(zip(self._told, now.channels.values(), strict=True)):
            self._say(said, index, told, channel, now.age_s)
        return {key: value for key, value in said.items() if value not in ([], {}, None)}

    def _say(
        self, said: dict[str, Any], index: int, told: _Told, channel: ChannelValue, common_s: float | None
    ) -> None:
        if channel.quality != told.quality:
            said["q"][index] = told.quality = channel.quality
        if channel.text != told.text:
            said["x"][index] = told.text = channel.text
        if told.follows and common_s is not None:
            told.read_s = self._at_s - common_s
        if channel.age_s is None or common_s is None:
            if told.value is not None:
                said["o"] += [index, None, None]
                told.value, told.read_s, told.follows = None, None, False
            return
        read_s = self._at_s - channel.age_s
        if channel.value == told.value and told.read_s is not None and _near(read_s, told.read_s):
            return
        told.value = channel.value
        told.follows = _near(channel.age_s, common_s)
        if told.follows:
            told.read_s = self._at_s - common_s
            said["v"] += [index, channel.value]
        else:
            told.read_s = read_s
            said["o"] += [index, channel.value, channel.age_s]


def _near(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) <= _AGE_MAY_BE_OFF_S


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
