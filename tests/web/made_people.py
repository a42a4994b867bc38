"""People of the made-up world: accounts, sessions, tokens, invitations, and how they are told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Rows = list[dict[str, Any]]


def iso(unix_s: float) -> str:
    """Unix time as the API writes it."""
    return datetime.fromtimestamp(int(unix_s), UTC).isoformat().replace("+00:00", "Z")


def _person(name: str, **roles: str) -> dict[str, Any]:
    shown = {"*" if site == "everywhere" else site: role for site, role in roles.items()}
    return {
        "name": name,
        "language": "en",
        "has_password": True,
        "created_at": iso(0),
        "roles": shown,
        "chats": None,
    }


def _session(id_: str, agent: str, current: bool, ago_s: float, source: str) -> dict[str, Any]:
    at = iso(time.time() - ago_s)
    return {
        "id": id_,
        "current": current,
        "seen_at": at,
        "source": source,
        "agent": agent,
        "created_at": at,
        "expires_at": at,
    }


def _deed(
    id_: int, actor: str | None, via: str, action: str, subject: str, site: str | None, **detail: str | None
) -> dict[str, Any]:
    return {
        "id": id_,
        "at": iso(time.time() - 3600 / id_),
        "actor": actor,
        "via": via,
        "source": "192.0.2.7",
        "action": action,
        "subject": subject,
        "site": site,
        "detail": detail,
    }


@dataclass
class MadePeople:
    """What the server's people routes answer and change."""

    accounts: Rows = field(
        default_factory=lambda: [
            _person("anna", everywhere="admin"),
            _person("bruno", stallaini="operator"),
            _person("nonna", stallaini="viewer"),
        ]
    )
    sessions: Rows = field(
        default_factory=lambda: [
            _session("s1", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0", True, 30, "192.0.2.7"),
            _session("s2", "Mozilla/5.0 (Linux; Android 15) Firefox/145.0", False, 7_300, "198.51.100.20"),
        ]
    )
    tokens: Rows = field(default_factory=list)
    invitations: Rows = field(default_factory=list)
    chats: Rows = field(
        default_factory=lambda: [{"telegram_id": 104857600, "name": "Anna", "joined_at": iso(0)}]
    )
    contact: dict[str, str] = field(
        default_factory=lambda: {"email": "anna@example.org", "webhook": "", "ntfy": ""}
    )
    telling: dict[str, Any] = field(
        default_factory=lambda: {
            "mute_until": None,
            "quiet": {"start": "22:30", "end": "07:00"},
            "escalate_after_min": 15,
            "told": None,
        }
    )
    audit: Rows = field(
        default_factory=lambda: [
            _deed(3, "bruno", "token", "token.revoked", "grafana", "*"),
            _deed(2, None, "nobody", "sign-in.refused", "bruno", None),
            _deed(1, "anna", "session", "role.given", "bruno", "stallaini", role="operator", before=None),
        ]
    )
    password: str = "sole e mare"

    def make_token(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """POST /tokens."""
        made = {
            **wanted,
            "id": f"t{len(self.tokens)}",
            "prefix": "st_Xk3v9a",
            "person": "anna",
            "used_at": None,
        }
        self.tokens.append(made)
        return {"token": made, "secret": "st_Xk3v9aQ0cJ8r2mTq7dFhLw5nYb1sGzPeUiVoKxAaBcD"}

    def invite(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """POST /invitations."""
        id_ = f"i{len(self.invitations)}"
        made = {
            **wanted,
            "id": id_,
            "state": "open",
            "person": None,
            "expires_at": iso(time.time() + 604_800),
        }
        self.invitations.append(made)
        return {"invitation": made, "code": "Zk8qLw2mXv0aT5rYb1sGzQ", "path": "/join#Zk8qLw2mXv0aT5rYb1sGzQ"}

    def set_role(self, name: str, site: str, role: str | None) -> None:
        """PUT and DELETE /people/{name}/roles/{site}."""
        roles = next(one for one in self.accounts if one["name"] == name)["roles"]
        if role is None:
            roles.pop(site, None)
        else:
            roles[site] = role
