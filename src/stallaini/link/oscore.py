"""Security contexts in SQLite: who may speak on the link, with which keys, and which numbers are spent.

aiocoap's own file context can lose a sequence number at a power cut and then repeats a nonce; this one
never does. Numbers are taken in blocks: a block is committed with synchronous=FULL before its first
number is used, and what a killed program left of its block stays unused. Blocks are taken by an atomic
increment, so that even two programs on one file never share a number. Which numbers a peer has used is
not kept: after a start the first message of each peer is answered by an Echo challenge (RFC 8613,
appendix B.1.2), one extra round trip.

A file restored from a backup or a card image does repeat numbers, and nothing in it can tell. Never
restore one: remove the peer, enrol it again.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from pathlib import Path

from aiocoap import oscore
from aiocoap.message import Message

from stallaini.errors import OperatorError
from stallaini.link.udp6 import POKE_BYTES

BLOCK = 64
"""Sequence numbers per commit: about an hour of one message a minute."""
MAX_ID_BYTES = 7
_SCHEMA = """
CREATE TABLE IF NOT EXISTS context (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    peer TEXT NOT NULL UNIQUE,
    secret BLOB NOT NULL,
    salt BLOB NOT NULL,
    sender_id BLOB NOT NULL,
    recipient_id BLOB NOT NULL UNIQUE,
    next_seq INTEGER NOT NULL DEFAULT 0,
    run BLOB,
    run_seq INTEGER
)
"""


class StoredContext(oscore.CanProtect, oscore.CanUnprotect, oscore.SecurityContextUtils):
    """One peer's keys and numbers, as aiocoap wants them. Made by `ContextStore` only."""

    alg_aead = oscore.AES_CCM_16_64_128()  # RFC 8613's mandatory algorithm; 8 bytes per message
    hashfun = oscore.hashfunctions["sha256"]
    id_context = None

    def __init__(self, store: ContextStore, row: sqlite3.Row, first_seq: int) -> None:
        self.peer: str = row["peer"]
        self.sender_id: bytes = row["sender_id"]
        self.recipient_id: bytes = row["recipient_id"]
        self.sender_sequence_number = first_seq
        self.authenticated_claims = [self.peer]
        self.echo_recovery = secrets.token_bytes(8)
        self.recipient_replay_window = oscore.ReplayWindow(oscore.DEFAULT_WINDOWSIZE, lambda: None)
        self._store = store
        self._row_id: int = row["id"]
        self._reserved = first_seq + BLOCK
        oscore.SecurityContextUtils.derive_keys(self, row["salt"], row["secret"])
        self._poke_key = hmac.digest(row["secret"], b"stallaini poke" + row["salt"], "sha256")
        self._poked_number = -1

    def new_sequence_number(self) -> int:
        """The next number, never given before, whatever was killed or cut off meanwhile.

        Raises aiocoap's ContextUnavailable when none can be reserved: disk full, context removed.
        """
        if self.sender_sequence_number >= self._reserved:
            self.sender_sequence_number = self._store.reserve(self._row_id)
            self._reserved = self.sender_sequence_number + BLOCK
        return int(oscore.CanProtect.new_sequence_number(self))

    def post_seqnoincrease(self) -> None:
        """Nothing: the number's block was committed before."""

    def open(self, message: Message) -> tuple[Message, oscore.RequestIdentifiers]:
        """Undo the protection of a request; raises what aiocoap's `unprotect` raises."""
        request, request_id = oscore.CanUnprotect.unprotect(self, message)
        return request, request_id

    def seal(self, response: Message, request_id: oscore.RequestIdentifiers) -> Message:
        """Protect the response to an opened request; raises aiocoap's ContextUnavailable."""
        protected: Message = oscore.CanProtect.protect(self, response, request_id)[0]
        return protected

    def seal_request(self, request: Message) -> tuple[Message, oscore.RequestIdentifiers]:
        """Protect a request with the next sequence number; raises aiocoap's ContextUnavailable."""
        protected, request_id = oscore.CanProtect.protect(self, request)
        return protected, request_id

    def open_response(self, message: Message, request_id: oscore.RequestIdentifiers) -> Message:
        """Undo the protection of the response to a sealed request; raises what `unprotect` raises."""
        response: Message = oscore.CanUnprotect.unprotect(self, message, request_id)[0]
        return response

    def poke(self, number: int) -> bytes:
        """The proof that pokes the peer whose last request had this sequence number."""
        return hmac.digest(self._poke_key, b"poke" + number.to_bytes(5, "big"), "sha256")[:POKE_BYTES]

    def takes_poke(self, proof: bytes) -> bool:
        """Whether the peer pokes us with `proof`: made for our last request, and for the first time."""
        number = int(self.sender_sequence_number) - 1
        if number < 0 or number == self._poked_number:
            return False
        if not hmac.compare_digest(self.poke(number), proof):
            return False
        self._poked_number = number
        return True

    def __repr__(self) -> str:
        return f"<StoredContext {self.peer}>"


class ContextStore:
    """The contexts of one end, in a SQLite file of mode 0600. One connection, one thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        self._run = secrets.token_bytes(8)
        self._run_begun = False
        self._loaded: dict[int, StoredContext] = {}
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        self._db.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        self._db.execute(_SCHEMA)

    def add(self, peer: str, secret: bytes, salt: bytes, sender_id: bytes, recipient_id: bytes) -> None:
        """Admit a peer with a fresh secret. Its numbers start at 0: never add one secret twice.

        Raises OperatorError when the peer or its id is known already, or the ids cannot be used.
        """
        if sender_id == recipient_id or max(len(sender_id), len(recipient_id)) > MAX_ID_BYTES:
            raise OperatorError(f"{peer}: the two ids must differ and have at most {MAX_ID_BYTES} bytes")
        try:
            self._db.execute(
                "INSERT INTO context (peer, secret, salt, sender_id, recipient_id) VALUES (?, ?, ?, ?, ?)",
                (peer, secret, salt, sender_id, recipient_id),
            )
        except sqlite3.IntegrityError:
            raise OperatorError(
                f"{peer} (or its key id {recipient_id.hex()}) is enrolled already; remove it first"
            ) from None

    def remove(self, peer: str) -> bool:
        """Forget a peer and its keys, effective at once in every program on this file; False: unknown."""
        return self._db.execute("DELETE FROM context WHERE peer = ?", (peer,)).rowcount > 0

    def peers(self) -> list[str]:
        """The names of all peers, in order."""
        return [row["peer"] for row in self._db.execute("SELECT peer FROM context ORDER BY peer")]

    def context(self, peer: str) -> StoredContext:
        """The context of a peer; raises KeyError for an unknown one, ContextUnavailable without storage."""
        context = self._find("SELECT id FROM context WHERE peer = ?", peer)
        if context is None:
            raise KeyError(peer)
        return context

    def by_key_id(self, key_id: bytes) -> StoredContext | None:
        """The context of the peer that calls itself `key_id` on the wire, found by index.

        Raises aiocoap's ContextUnavailable when the file cannot be read or written.
        """
        return self._find("SELECT id FROM context WHERE recipient_id = ?", key_id)

    def secret(self, peer: str) -> bytes | None:
        """The master secret shared with a peer; None for an unknown one."""
        row = self._db.execute("SELECT secret FROM context WHERE peer = ?", (peer,)).fetchone()
        return None if row is None else bytes(row["secret"])

    def free_key_id(self) -> bytes:
        """A random key id nobody has, as short as leaves three of four ids free."""
        taken = {bytes(row[0]) for row in self._db.execute("SELECT recipient_id FROM context")}
        size = 1
        while sum(len(key_id) == size for key_id in taken) >= 256**size // 4:
            size += 1
        while (key_id := secrets.token_bytes(size)) in taken or key_id == b"\0":
            pass
        return key_id

    def reserve(self, row_id: int) -> int:
        """Commit a block of sequence numbers; returns its first. Raises aiocoap's ContextUnavailable."""
        try:
            rows = self._db.execute(
                "UPDATE context SET next_seq = next_seq + ? WHERE id = ? RETURNING next_seq - ?",
                (BLOCK, row_id, BLOCK),
            ).fetchall()
        except sqlite3.Error as error:
            raise oscore.ContextUnavailable(f"cannot reserve sequence numbers: {error}") from error
        if not rows:
            raise oscore.ContextUnavailable("the context was removed")
        return int(rows[0][0])

    def close(self) -> None:
        """Close the file; contexts already given out cannot reserve any more."""
        self._db.close()

    def _find(self, query: str, key: str | bytes) -> StoredContext | None:
        try:
            found = self._db.execute(query, (key,)).fetchone()
            if found is None:
                return None
            return self._loaded.get(found["id"]) or self._load(found["id"])
        except sqlite3.Error as error:
            raise oscore.ContextUnavailable(f"cannot read the security contexts: {error}") from error

    def _load(self, row_id: int) -> StoredContext:
        self._begin_run()
        row = self._db.execute("SELECT * FROM context WHERE id = ?", (row_id,)).fetchone()
        first_seq = row["run_seq"] if row["run"] == self._run else self.reserve(row_id)
        self._loaded[row_id] = StoredContext(self, row, first_seq)
        return self._loaded[row_id]

    def _begin_run(self) -> None:
        """Take a block for every context in one commit: a server's restart costs one, not one per site."""
        if self._run_begun:
            return
        self._db.execute(
            "UPDATE context SET run = ?, run_seq = next_seq, next_seq = next_seq + ?", (self._run, BLOCK)
        )
        self._run_begun = True
