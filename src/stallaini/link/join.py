"""The join line: everything a new edge needs to reach its server, on one printable line. It is a secret."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stallaini.errors import OperatorError
from stallaini.site.web_address import parse_web_address

PREFIX = "stallaini-join-1:"
_SECRET_BYTES = range(16, 65)
_ID_BYTES = range(0, 8)


@dataclass(frozen=True)
class Join:
    """Where the server is, who the edge is there, and the secret both share.

    `client_id` and `server_id` are the OSCORE sender ids of edge and server (0 to 7 bytes, different);
    `secret` is the OSCORE master secret (16 to 64 bytes), `salt` its master salt (RFC 8613, 3.2).
    `https_url` is the server's web address, for an edge whose UDP is blocked; None: there is no such way.
    """

    site: str
    host: str
    port: int
    client_id: bytes
    server_id: bytes
    secret: bytes
    salt: bytes
    https_url: str | None = None

    def __repr__(self) -> str:
        return f"Join(site={self.site!r}, host={self.host!r}, port={self.port}, secret=...)"

    def line(self) -> str:
        """The join line; `parse_join` reads it."""
        ids = (self.client_id, self.server_id)
        web = () if self.https_url is None else (self.https_url,)
        packed = msgspec.msgpack.encode((self.site, self.host, self.port, *ids, self.secret, self.salt, *web))
        packed += binascii.crc32(packed).to_bytes(4, "big")
        return PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


class _Fields(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The elements of a join line, in order."""

    site: str
    host: str
    port: int
    client_id: bytes
    server_id: bytes
    secret: bytes
    salt: bytes
    https_url: str | None = None


def parse_join(line: str) -> Join:
    """The join in a line, blanks around it ignored. Raises OperatorError that says what is wrong."""
    text = line.strip()
    if not text.startswith(PREFIX):
        raise OperatorError(
            f"not a join line: it starts with {PREFIX!r}; copy the line `stallaini enrol` printed"
        )
    encoded = text[len(PREFIX) :]
    try:
        packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _damaged() from None
    if len(packed) < 5 or binascii.crc32(packed[:-4]).to_bytes(4, "big") != packed[-4:]:
        raise _damaged()
    try:
        fields = msgspec.msgpack.decode(packed[:-4], type=_Fields)
    except msgspec.DecodeError:
        raise OperatorError(
            "the join line is whole, but of another version: run the same version of stallaini on both ends"
        ) from None
    return _checked(Join(**msgspec.structs.asdict(fields)))


def write_join(path: Path, join: Join) -> None:
    """Keep a join in a file of mode 0600: whole, or not at all when the machine dies meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(join.line() + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def read_join(path: Path) -> Join:
    """The join kept in a file. Raises OperatorError when it is missing, unreadable or not a join line."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise OperatorError(
            f"{path} is missing: start once with --join LINE (`stallaini enrol` prints it)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"cannot read {path}: {error}") from error
    return parse_join(text)


def _damaged() -> OperatorError:
    return OperatorError(
        "the join line is damaged or cut short; copy the whole line `stallaini enrol` printed"
    )


def _checked(join: Join) -> Join:
    if not join.site or not join.host or not 0 < join.port < 65536:
        raise OperatorError("the join line names no site, host or port; enrol the site again")
    if len(join.secret) not in _SECRET_BYTES:
        raise OperatorError("the join line's secret has the wrong length; enrol the site again")
    ids = (join.client_id, join.server_id)
    if ids[0] == ids[1] or any(len(part) not in _ID_BYTES for part in ids):
        raise OperatorError("the join line's ids are not two different ones; enrol the site again")
    if join.https_url is not None:
        try:
            parse_web_address(join.https_url)
        except ValueError as error:
            raise OperatorError(
                f"the join line's web address cannot be used: {error}; enrol the site again"
            ) from None
    return join


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
