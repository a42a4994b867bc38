"""A sequence number is given once, whatever is killed, and a peer's keys are found by its id."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import struct
import time
from pathlib import Path

import pytest
from aiocoap import oscore

from stallaini.errors import OperatorError
from stallaini.link.enrolment import SERVER_PEER, accept, admit
from stallaini.link.oscore import BLOCK, ContextStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contexts.sqlite"


def store_with_one_peer(path: Path) -> ContextStore:
    store = ContextStore(path)
    store.add("noto", b"s" * 16, b"salt", sender_id=b"", recipient_id=b"\1")
    return store


def committed_next(path: Path) -> int:
    with sqlite3.connect(path) as other:
        return int(other.execute("SELECT next_seq FROM context").fetchone()[0])


def test_every_number_is_committed_before_it_is_given(path: Path) -> None:
    context = store_with_one_peer(path).context("noto")
    for expected in range(3 * BLOCK):
        number = context.new_sequence_number()
        assert number == expected
        assert committed_next(path) > number


def test_commits_are_synchronous_and_rare(path: Path) -> None:
    store = store_with_one_peer(path)
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    context = store.context("noto")
    seen = set()
    for _ in range(4 * BLOCK):
        context.new_sequence_number()
        seen.add(committed_next(path))
    assert len(seen) == 4


def test_no_number_is_given_twice_by_programs_killed_at_any_moment(path: Path) -> None:
    store_with_one_peer(path).close()
    rng = random.Random(7)
    given: list[int] = []
    for _ in range(60):
        given += numbers_of_a_program_killed_after(path, rng.uniform(0.001, 0.03))
    assert len(given) > 3 * BLOCK
    assert len(given) == len(set(given))
    assert given == sorted(given)


def numbers_of_a_program_killed_after(path: Path, seconds: float) -> list[int]:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            context = ContextStore(path).context("noto")
            while True:
                os.write(write_end, struct.pack("<q", context.new_sequence_number()))
        finally:
            os._exit(1)
    os.close(write_end)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(read_end, "rb") as pipe:
        data = pipe.read()
    return [number for (number,) in struct.iter_unpack("<q", data[: len(data) // 8 * 8])]


def test_two_programs_on_one_file_never_share_a_number(path: Path) -> None:
    first, second = store_with_one_peer(path), ContextStore(path)
    contexts = [first.context("noto"), second.context("noto")]
    numbers = [contexts[turn % 2].new_sequence_number() for turn in range(6 * BLOCK)]
    assert len(set(numbers)) == len(numbers)


def test_a_restarted_server_commits_once_for_all_its_sites(path: Path) -> None:
    store = ContextStore(path)
    for n in range(300):
        store.add(f"site{n}", os.urandom(16), b"", sender_id=b"", recipient_id=n.to_bytes(2, "big"))
    store.close()
    restarted = ContextStore(path)
    watcher = sqlite3.connect(path)
    restarted.context("site0")
    version = watcher.execute("PRAGMA data_version").fetchone()
    for n in range(300):
        context = restarted.by_key_id(n.to_bytes(2, "big"))
        assert context is not None
        assert context.peer == f"site{n}"
        context.new_sequence_number()
    assert watcher.execute("PRAGMA data_version").fetchone() == version


def test_a_site_enrolled_while_the_server_runs_is_known_at_once(path: Path) -> None:
    running = store_with_one_peer(path)
    running.context("noto")
    other_program = ContextStore(path)
    join = admit(other_program, "cabin", "example.org", 5683)
    context = running.by_key_id(join.client_id)
    assert context is not None
    assert context.peer == "cabin"
    context.new_sequence_number()
    other_program.remove("cabin")
    assert running.by_key_id(join.client_id) is None


def test_a_site_enrolled_again_has_new_keys(path: Path) -> None:
    store = ContextStore(path)
    old = admit(store, "noto", "h", 1)
    old_key = store.context("noto").recipient_key
    with pytest.raises(OperatorError, match="enrolled already"):
        admit(store, "noto", "h", 1)
    assert store.remove("noto")
    assert not store.remove("noto")
    new = admit(store, "noto", "h", 1)
    assert new.secret != old.secret
    assert store.context("noto").recipient_key != old_key
    assert store.peers() == ["noto"]


def test_key_ids_are_short_and_all_different(path: Path) -> None:
    store = ContextStore(path)
    ids = [admit(store, f"site{n}", "h", 1).client_id for n in range(100)]
    assert len(set(ids)) == 100
    assert {len(key_id) for key_id in ids[:60]} == {1}
    assert {len(key_id) for key_id in ids[70:]} == {2}


def test_joining_again_with_the_same_line_keeps_the_numbers(path: Path, tmp_path: Path) -> None:
    server = ContextStore(tmp_path / "server.sqlite")
    join, other = admit(server, "noto", "h", 1), admit(server, "cabin", "h", 1)
    edge = ContextStore(path)
    accept(edge, join)
    assert edge.context(SERVER_PEER).new_sequence_number() == 0
    accept(edge, join)
    assert edge.context(SERVER_PEER).new_sequence_number() == 1
    accept(edge, other)
    assert edge.context(SERVER_PEER).new_sequence_number() == 0


def test_the_file_is_readable_by_its_owner_alone(path: Path) -> None:
    store_with_one_peer(path).context("noto")
    files = list(path.parent.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_without_storage_no_number_is_given(path: Path) -> None:
    store = store_with_one_peer(path)
    context = store.context("noto")
    for _ in range(BLOCK):
        context.new_sequence_number()
    store.close()
    with pytest.raises(oscore.ContextUnavailable, match="cannot reserve"):
        context.new_sequence_number()
    with pytest.raises(oscore.ContextUnavailable, match="cannot read"):
        store.by_key_id(b"\1")


def test_a_removed_peer_gets_no_further_block(path: Path) -> None:
    store = store_with_one_peer(path)
    context = store.context("noto")
    store.remove("noto")
    for _ in range(BLOCK):
        context.new_sequence_number()
    with pytest.raises(oscore.ContextUnavailable, match="removed"):
        context.new_sequence_number()
    with pytest.raises(KeyError):
        store.context("noto")


@pytest.mark.parametrize(("sender", "recipient"), [(b"", b""), (b"", b"12345678")])
def test_ids_that_cannot_work_are_refused(path: Path, sender: bytes, recipient: bytes) -> None:
    with pytest.raises(OperatorError, match="ids"):
        ContextStore(path).add("noto", b"s" * 16, b"", sender, recipient)
