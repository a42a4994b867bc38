"""Memory that a large answer took is not kept for good."""

from __future__ import annotations

import subprocess
import sys

# In a program of its own: freed blocks of this one would blur the picture.
_PROGRAM = """
from pathlib import Path
from stallaini.server.memory import give_back

def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

assert give_back()
before = resident_pages()
for _ in range(3):
    blocks = [bytearray(b"x") * 100_000 for _ in range(600)]
    kept = bytearray(b"x") * 100_000
    del blocks
give_back()
print((resident_pages() - before) * 4096)
"""


def test_what_a_large_answer_took_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4_000_000
