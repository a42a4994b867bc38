"""How long answers took lately, and so how soon a message may be repeated without doing it in vain. Pure."""

from __future__ import annotations

from collections import deque

_KEPT, _ENOUGH = 8, 4
_SHORTEST_S, _TIMES = 1.0, 2.0


class RoundTrips:
    """Adapts the time before the first repetition to the line.

    Where answers are quick, a lost message is sent again after 1 s; so 98 of 100 are through in 11 s on a
    line that loses a fifth each way, and not 95. Where they are slow, `longest_s` stays, and no byte is
    spent on answers that were on their way.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._took_s: deque[float] = deque(maxlen=_KEPT)

    @property
    def patience_s(self) -> float:
        """How long to wait for an answer before the first repetition."""
        if len(self._took_s) < _ENOUGH:
            return self._longest_s
        return min(self._longest_s, max(_SHORTEST_S, _TIMES * max(self._took_s)))

    def took(self, seconds: float) -> None:
        """An answer took so long. One that came after a repetition tells nothing: to which of them was it?

        (Karn and Partridge, "Improving round-trip time estimates in reliable transport protocols".) But if
        that goes on, the line has become slow, and what was known of it is forgotten bit by bit.
        """
        if seconds < self.patience_s:
            self._took_s.append(seconds)
        elif self._took_s:
            self._took_s.popleft()
