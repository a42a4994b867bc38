"""Rows about people as the API shows them."""

from __future__ import annotations

from collections.abc import Collection

from stallaini.server.api import people_models as shapes
from stallaini.server.people import accounts, audit, invitations, sessions, tokens
from stallaini.server.people.roles import EVERY_SITE
from stallaini.server.times import iso


def account(row: accounts.Account, sites: Collection[str] | None = None) -> shapes.Account:
    """An account; with `sites` no more of it than admins of those may see."""
    roles = row.grants.by_site
    chats = [
        shapes.ChatLinked(telegram_id=one.telegram_id, name=one.name, joined_at=iso(one.joined_s))
        for one in row.chats
    ]
    return shapes.Account(
        name=row.name,
        language=row.language,
        has_password=row.has_password,
        created_at=iso(row.created_s),
        roles={site: role for site, role in roles.items() if sites is None or site in (EVERY_SITE, *sites)},
        chats=chats if sites is None else None,
    )


def session_listed(row: sessions.SessionListed, current: str) -> shapes.SessionListed:
    """A session; `current` is the public id of the asker's own."""
    return shapes.SessionListed(
        id=row.id,
        current=row.id == current,
        created_at=iso(row.created_s),
        seen_at=iso(row.seen_s),
        expires_at=iso(row.expires_s),
        source=row.source,
        agent=row.agent,
    )


def token(row: tokens.TokenListed) -> shapes.Token:
    """A token, without its secret."""
    return shapes.Token(
        id=row.id,
        label=row.label,
        prefix=row.prefix,
        person=row.person,
        role=row.role,
        site=row.site,
        created_at=iso(row.created_s),
        used_at=_iso(row.used_s),
    )


def invitation(row: invitations.Invitation, now_s: int) -> shapes.Invitation:
    """An invitation, without its code."""
    return shapes.Invitation(
        id=row.id,
        state=row.state(now_s),
        role=row.offer.role,
        site=row.offer.site,
        language=row.offer.language,
        person=row.offer.person,
        made_by=row.made_by,
        made_at=iso(row.made_s),
        expires_at=iso(row.expires_s),
        used_at=_iso(row.used_s),
        used_by=row.used_by,
    )


def invitation_made(code: str, row: invitations.Invitation, now_s: int) -> shapes.InvitationMade:
    """A new invitation with its code; what is behind # in an address never leaves the browser."""
    path = f"/join#{code}" if row.offer.way == "any" else None
    return shapes.InvitationMade(invitation=invitation(row, now_s), code=code, path=path)


def audit_line(row: audit.Entry) -> shapes.AuditLine:
    """One line of the audit."""
    return shapes.AuditLine(
        id=row.id,
        at=iso(row.at_s),
        actor=row.actor,
        via=row.way,
        source=row.source,
        action=row.action,
        subject=row.subject,
        site=row.site,
        detail=dict(row.detail),
    )


def _iso(at_s: int | None) -> str | None:
    return None if at_s is None else iso(at_s)
