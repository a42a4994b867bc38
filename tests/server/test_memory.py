"""Memory that a large answer took is not kept for good."""

from __future__ import annotations

import subprocess
import sys

# In a program of its own: freed blocks of this one would blur the picture.
_GIVES_BACK = """
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
    done = subprocess.run([sys.executable, "-c", _GIVES_BACK], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4_000_000


# Threads that take memory at once; each further heap of glibc begins at a multiple of 64 MB.
_SHARES = """
import sys
import threading
from pathlib import Path
from stallaini.server.memory import share_heaps

if "share" in sys.argv:
    assert share_heaps()
meet = threading.Barrier(8)

def work():
    for _ in range(50):
        meet.wait()
        bytearray(b"x") * 100_000

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
starts = [int(line.split("-")[0], 16) for line in Path("/proc/self/maps").read_text().splitlines()]
print(sum(start % (64 << 20) == 0 for start in starts))
"""


def test_threads_share_their_heaps() -> None:
    def heaps(*words: str) -> int:
        command = [sys.executable, "-c", _SHARES, *words]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert heaps("share") < heaps()
