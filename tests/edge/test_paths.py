"""UDP first, HTTPS while UDP does not get through, UDP tried back: seldom, but always in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.edge import clock_at_noon

from stallaini.edge import paths
from stallaini.edge.exchange import Exchange, LinkDown, Refused
from stallaini.edge.paths import FIRST_PAUSE_S, LONGEST_PAUSE_S, Path, PathChooser, PathExchange

MINUTE_S = 60.0


class World:
    """A chooser, and which of the paths get through; `tried` lists the first tries of each exchange."""

    def __init__(self) -> None:
        self.chooser = PathChooser()
        self.open: set[Path] = {"udp", "https"}
        self.now_s = 0.0
        self.tried: list[Path] = []

    def exchange(self, after_s: float = MINUTE_S) -> Path | None:
        """One exchange, and the path that answered it."""
        self.now_s += after_s
        first = self.chooser.first(self.now_s)
        self.tried.append(first)
        second: Path = "https" if first == "udp" else "udp"
        answered = next((path for path in (first, second) if path in self.open), None)
        self.chooser.ended(first, answered, self.now_s)
        return answered

    def trials(self, minutes: int) -> list[int]:
        """The minutes, of so many, in which UDP was tried first."""
        self.tried.clear()
        for _ in range(minutes):
            self.exchange()
        return [number for number, path in enumerate(self.tried, 1) if path == "udp"]


def test_udp_is_used_as_long_as_it_gets_through() -> None:
    world = World()
    assert world.trials(5) == [1, 2, 3, 4, 5]
    world.open = {"udp"}
    assert world.exchange() == "udp"


def test_blocked_udp_is_given_up_at_once_and_tried_back_ever_more_seldom() -> None:
    world = World()
    world.open = {"https"}
    assert world.trials(700) == [1, 6, 16, 36, 76, 156, 316, 636]
    assert world.chooser.path == "https"
    assert len(world.trials(10 * 1440)) == 40, "every six hours"


def test_udp_is_used_again_once_it_gets_through_a_trial() -> None:
    world = World()
    world.open = {"https"}
    world.trials(30)
    world.open = {"udp", "https"}
    world.trials(10)
    assert world.chooser.path == "udp"
    assert world.trials(3) == [1, 2, 3]


def test_a_udp_that_comes_and_goes_is_tried_as_seldom_as_one_that_stays_away() -> None:
    world = World()
    trials = 0
    for _ in range(1440):
        world.open = {"https"} if world.chooser.path == "udp" else {"udp", "https"}
        trials += world.chooser.first(world.now_s + MINUTE_S) == "udp"
        world.exchange()
    assert trials < 30


def test_a_udp_that_held_for_long_starts_anew_when_it_is_lost_again() -> None:
    world = World()
    world.open = {"https"}
    world.trials(40)
    world.open = {"udp", "https"}
    world.trials(1440)
    world.open = {"https"}
    assert world.trials(10) == [1, 6]


def test_an_outage_of_both_blames_neither() -> None:
    world = World()
    world.open = set()
    world.trials(30)
    world.open = {"https"}
    assert world.exchange() == "https"
    assert world.chooser.path == "udp", "the outage may have ended while HTTPS was tried"
    world.open = {"udp", "https"}
    assert world.exchange() == "udp"


def test_udp_that_does_not_come_back_after_an_outage_is_given_up_at_the_second_try() -> None:
    world = World()
    world.open = set()
    world.trials(3)
    world.open = {"https"}
    assert world.trials(4) == [1, 2]


def test_an_outage_while_https_is_used_makes_no_trial_rarer() -> None:
    world = World()
    world.open = {"https"}
    world.exchange()
    world.open = set()
    assert world.trials(21) == [5, 10, 15, 20]
    assert world.chooser.path == "https"


def test_https_that_fails_while_udp_answers_gives_way_to_it() -> None:
    world = World()
    world.open = {"https"}
    world.exchange()
    world.open = {"udp"}
    assert world.exchange() == "udp"
    assert world.chooser.path == "udp"


STRETCHES = st.lists(
    st.tuples(st.sets(st.sampled_from(["udp", "https"])), st.integers(1, 200), st.sampled_from([1, 60, 900])),
    max_size=12,
)


@given(STRETCHES)
def test_whatever_happened_udp_is_used_again_within_six_hours_of_working(
    stretches: list[tuple[set[Path], int, int]],
) -> None:
    world = World()
    for world.open, exchanges, every_s in stretches:
        for _ in range(exchanges):
            before = world.chooser.path
            answered = world.exchange(every_s)
            assert (answered is None) == (not world.open), "what gets through on either path is answered"
            if answered is None:
                assert world.chooser.path == before, "an outage changes no path"
    world.open = {"udp", "https"}
    world.exchange()
    world.exchange(LONGEST_PAUSE_S)
    assert world.chooser.path == "udp"
    assert world.exchange() == "udp"


def answering(word: bytes) -> Exchange:
    async def answer(payload: bytes) -> bytes:
        return word + payload

    return answer


def failing(error: Exception) -> Exchange:
    async def fail(payload: bytes) -> bytes:
        raise error

    return fail


async def test_both_reasons_are_told_when_neither_path_gets_through() -> None:
    exchange = PathExchange(failing(LinkDown("no udp")), failing(LinkDown("no web")), clock_at_noon())
    with pytest.raises(LinkDown, match=r"^no udp; no web$"):
        await exchange(b"x")


async def test_a_refusal_on_the_path_in_use_is_not_taken_elsewhere() -> None:
    exchange = PathExchange(failing(Refused("unknown edge")), answering(b"web:"), clock_at_noon())
    with pytest.raises(Refused, match="unknown edge"):
        await exchange(b"x")


async def test_a_refusal_at_a_trial_is_a_failed_trial() -> None:
    told: list[object] = []
    clock = clock_at_noon()
    udp = failing(LinkDown("silence"))

    async def through_udp(payload: bytes) -> bytes:
        return await udp(payload)

    exchange = PathExchange(through_udp, answering(b"web:"), clock)
    exchange.report_to(lambda kind, data: told.append((kind, data)))
    assert await exchange(b"x") == b"web:x"
    udp = failing(Refused("forged"))
    clock.advance(FIRST_PAUSE_S)
    assert await exchange(b"x") == b"web:x"
    assert told == [("link.path", {"path": "https"})]


async def test_a_trial_is_given_less_time_than_the_path_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_TRIAL_S", 0.02)
    clock = clock_at_noon()
    silent = clock.sleep
    udp = failing(LinkDown("silence"))

    async def through_udp(payload: bytes) -> bytes:
        return await udp(payload)

    async def forever(payload: bytes) -> bytes:
        await silent(1e9)
        raise AssertionError("somebody waited")

    exchange = PathExchange(through_udp, answering(b"web:"), clock)
    await exchange(b"x")
    udp = forever
    clock.advance(FIRST_PAUSE_S)
    assert await exchange(b"x") == b"web:x"
