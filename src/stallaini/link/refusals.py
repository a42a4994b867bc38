"""What was refused: counted by reason, logged once per source and minute."""

from __future__ import annotations

import logging
from collections import Counter

from stallaini.clock import Clock

_WINDOW_S = 60.0
_MAX_SOURCES = 1000
_OTHERS = "other sources"


class Refusals:
    """Counts refusals and keeps the log readable under a flood. Memory is bounded."""

    def __init__(self, clock: Clock, logger: logging.Logger) -> None:
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._logger = logger
        self._window = -1
        self._since: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def refuse(self, reason: str, source: str, detail: str = "") -> bool:
        """Count one refusal of something `source` sent; log it if it is the source's first this minute.

        Returns whether it was logged, for whoever has more to say.
        """
        self.counts[reason] += 1
        window = int(self._clock.monotonic_s() // _WINDOW_S)
        if window != self._window:
            self._before = self._since if window == self._window + 1 else Counter()
            self._window, self._since = window, Counter()
        if source not in self._since and len(self._since) >= _MAX_SOURCES:
            source = _OTHERS
        self._since[source] += 1
        if self._since[source] > 1:
            return False
        more = f"; {self._before[source]} in the minute before" if self._before[source] else ""
        self._logger.warning(
            "refused from %s: %s%s%s", source, reason, f" ({detail})" if detail else "", more
        )
        return True
