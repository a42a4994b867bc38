"""How often strangers get an answer."""

from __future__ import annotations

from collections import OrderedDict, deque

from stallaini.clock import Clock

_PER_CHAT, _PER_CHAT_S = 3, 600.0
_IN_ALL, _IN_ALL_S = 30, 60.0
_CHATS_REMEMBERED = 10_000


class Doorman:
    """Allows a chat that is not admitted three answers in ten minutes, and all of them thirty a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: deque[float] = deque()
        self._chats: OrderedDict[int, deque[float]] = OrderedDict()

    def may_answer(self, chat_id: int) -> bool:
        """Whether this chat gets an answer now; a yes is counted."""
        now_s = self._clock.monotonic_s()
        own = self._chats.setdefault(chat_id, deque())
        self._chats.move_to_end(chat_id)
        if len(self._chats) > _CHATS_REMEMBERED:
            self._chats.popitem(last=False)
        _forget(own, now_s - _PER_CHAT_S)
        _forget(self._all, now_s - _IN_ALL_S)
        if len(own) >= _PER_CHAT or len(self._all) >= _IN_ALL:
            return False
        own.append(now_s)
        self._all.append(now_s)
        return True


def _forget(times: deque[float], before_s: float) -> None:
    while times and times[0] <= before_s:
        times.popleft()
