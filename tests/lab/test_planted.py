"""A lab that finds nothing proves nothing: each promise is broken once, found, and shrunk to its cause."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.lab import planted

from stallaini.ops.lab.schedule import draw_schedule
from stallaini.ops.lab.trials import first_failure, shrunk

Plant = Callable[[pytest.MonkeyPatch], None]

PLANTED: tuple[tuple[Plant, list[str], set[str], int], ...] = (
    # The kinds to draw from, none for all, and where to begin: a fault that one of some hundred schedules
    # finds is looked for where it can be.
    (planted.edge_forgets_when_it_sends, [], {"lost"}, 0),
    (planted.server_acknowledges_before_it_commits, [], {"lost"}, 0),
    (planted.server_stores_what_it_has_again, ["forget_edge", "kill_server"], {"wrong", "doubled"}, 0),
    (planted.edge_does_not_go_back, ["restore_server", "kill_edge"], {"lost"}, 0),
    (planted.edge_gives_sequence_numbers_again, [], {"lost"}, 0),
    (planted.sealing_loses_late_minutes, [], {"lost", "wrong"}, 0),
    (planted.edge_commits_by_halves, [], {"lost"}, 0),
    (planted.edge_trusts_an_old_journal, ["restore_edge", "part"], {"lost", "unnamed"}, 100),
    (planted.edge_brings_nothing_back_to_its_card, ["full_edge", "part"], {"lost"}, 0),
    (planted.edge_acts_before_it_writes_that_down, ["command", "kill_edge"], {"twice"}, 17),
    (planted.edge_acts_however_late, ["command", "part", "lose"], {"untimely"}, 0),
    (planted.edge_says_done_of_what_it_did_not_do, ["command", "part", "lose"], {"untrue"}, 0),
)
WITHIN = 60


@pytest.mark.parametrize(
    ("plant", "only", "kinds", "seed"), PLANTED, ids=[plant.__name__ for plant, *_ in PLANTED]
)
def test_a_planted_fault_is_found_and_shrunk(
    plant: Plant,
    only: list[str],
    kinds: set[str],
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    found = first_failure(draw_schedule(number, only) for number in range(seed, seed + WITHIN))
    assert found is not None
    smallest = shrunk(found.schedule)
    assert {problem.partition(":")[0] for problem in smallest.problems} & kinds
    assert len(smallest.schedule.misfortunes) <= 3
    monkeypatch.undo()
    assert first_failure([smallest.schedule]) is None, "it was the planted fault, and nothing else"
