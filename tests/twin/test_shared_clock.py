"""The clock that one process drives and others follow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stallaini.clock import SharedClock

DRIVE = """
import sys
from pathlib import Path
from stallaini.clock import SharedClock
clock = SharedClock(Path(sys.argv[1]))
while True:
    clock.advance(2.5)
"""


def test_a_follower_never_sees_time_go_back_or_the_two_times_part(tmp_path: Path) -> None:
    clock = SharedClock.create(tmp_path / "clock", wall_s=1_467_590_400.0, monotonic_s=1000.0)
    with subprocess.Popen([sys.executable, "-c", DRIVE, str(tmp_path / "clock")]) as driver:
        try:
            while clock.monotonic_s() == 1000.0:
                pass
            last_s, backwards = 0.0, 0
            for _ in range(1_000_000):
                now_s = clock.monotonic_s()
                backwards += now_s < last_s
                last_s = now_s
        finally:
            driver.kill()
    assert backwards == 0
    assert clock.wall_s() - clock.monotonic_s() == 1_467_589_400.0
