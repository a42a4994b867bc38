"""Both ends of an enrolment: the server admits a site, the edge accepts the join line."""

from __future__ import annotations

import secrets

from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore

SERVER_PEER = "server"
"""What the edge calls its only peer."""
_SERVER_ID = b""
_SECRET_BYTES, _SALT_BYTES = 16, 8


def admit(contexts: ContextStore, site: str, host: str, port: int, https_url: str | None = None) -> Join:
    """Make keys for a site, admit it, and return what its edge needs; it is shown once and not kept.

    Raises OperatorError when the site is enrolled already.
    """
    join = Join(
        site=site,
        host=host,
        port=port,
        client_id=contexts.free_key_id(),
        server_id=_SERVER_ID,
        secret=secrets.token_bytes(_SECRET_BYTES),
        salt=secrets.token_bytes(_SALT_BYTES),
        https_url=https_url,
    )
    contexts.add(site, join.secret, join.salt, sender_id=join.server_id, recipient_id=join.client_id)
    return join


def accept(contexts: ContextStore, join: Join) -> None:
    """Make `join` the edge's way to its server. The one in use already keeps its sequence numbers."""
    known = contexts.secret(SERVER_PEER)
    if known == join.secret:
        return
    if known is not None:
        contexts.remove(SERVER_PEER)
    contexts.add(SERVER_PEER, join.secret, join.salt, sender_id=join.client_id, recipient_id=join.server_id)
