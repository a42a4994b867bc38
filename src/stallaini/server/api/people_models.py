"""The shapes of the API about people: sessions, accounts, tokens, invitations, chats, the audit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from stallaini.server.api.models import example
from stallaini.server.people.accounts import MAX_NAME_LENGTH
from stallaini.server.people.audit import Action, Scalar
from stallaini.server.people.invitations import DEFAULT_S, LONGEST_S, SHORTEST_S, State
from stallaini.server.people.passwords import MAX_LENGTH
from stallaini.server.people.roles import Language, SiteRole, Way
from stallaini.server.people.tokens import TokenRole
from stallaini.server.times import IsoTime

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
Password = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Site = Annotated[str, Field(min_length=1, max_length=64, description="A site's name, or * for every site.")]
Roles = Annotated[dict[str, SiteRole], Field(description="The role by site; * is every site.")]
# Telegram promises ids of at most 52 significant bits; a group's is negative (Bot API, object Chat).
TelegramId = Annotated[int, Field(strict=True, gt=-(2**52), lt=2**52)]
Next = Annotated[str | None, Field(description="What to send as `after` for the next page; null at the end.")]

_AT, _LATER = "2026-11-16T08:30:00Z", "2027-02-14T08:30:00Z"
_SESSION = {"name": "anna", "via": "session", "role": "admin", "language": "it", "roles": {"*": "admin"}}
_LISTED_SESSION = {
    "id": "5f0c7a91b2d3e4f6",
    "current": True,
    "created_at": _AT,
    "seen_at": _AT,
    "expires_at": _LATER,
    "source": "192.0.2.7",
    "agent": "Mozilla/5.0 (Linux; Android 15) Firefox/145.0",
}
_CHAT = {"telegram_id": 104857600, "name": "Anna", "joined_at": _AT}
_ACCOUNT = {
    "name": "anna",
    "language": "it",
    "has_password": True,
    "created_at": _AT,
    "roles": {"noto": "operator"},
    "chats": [_CHAT],
}
_TOKEN = {
    "id": "9f86d081884c",
    "label": "grafana",
    "prefix": "st_Xk3v9a",
    "person": "anna",
    "role": "viewer",
    "site": "noto",
    "created_at": _AT,
    "used_at": None,
}
_INVITATION = {
    "id": "0a1b2c3d4e5f",
    "state": "open",
    "role": "viewer",
    "site": "noto",
    "language": "it",
    "person": None,
    "made_by": "anna",
    "made_at": _AT,
    "expires_at": "2026-11-23T08:30:00Z",
    "used_at": None,
    "used_by": None,
}


class Credentials(BaseModel):
    """What a person signs in with."""

    model_config = example(name="anna", password="correct horse battery")
    name: Name
    password: Password


class Session(BaseModel):
    """Who acts and how they got in: a person, a program's token, the bot, a chat, or `demo`.

    `role` is the highest one at any site, `bot` for the bot itself, null for none at all.
    """

    model_config = example(**_SESSION)
    name: str
    via: Way
    role: SiteRole | Literal["bot"] | None
    language: Language
    roles: Roles


class SessionListed(BaseModel):
    """A session; `seen_at` may be an hour old, `source` is an IPv4 address or an IPv6 /64."""

    model_config = example(**_LISTED_SESSION)
    id: str
    current: bool
    created_at: IsoTime
    seen_at: IsoTime
    expires_at: IsoTime
    source: str
    agent: str


class SessionList(BaseModel):
    """Where a person is signed in, newest use first."""

    model_config = example(sessions=[_LISTED_SESSION], next=None)
    sessions: list[SessionListed]
    next: Next


class ChatLinked(BaseModel):
    """A Telegram chat that acts for an account; a group's id is negative."""

    model_config = example(**_CHAT)
    telegram_id: TelegramId
    name: str
    joined_at: IsoTime


class Account(BaseModel):
    """A person, or a group of Telegram; without a password it is in by Telegram alone.

    To admins of single sites `roles` shows those sites alone and `chats` is null.
    """

    model_config = example(**_ACCOUNT)
    name: str
    language: Language
    has_password: bool
    created_at: IsoTime
    roles: Roles
    chats: list[ChatLinked] | None


class AccountList(BaseModel):
    """Accounts by name."""

    model_config = example(people=[_ACCOUNT], next=None)
    people: list[Account]
    next: Next


class LanguageChange(BaseModel):
    """The language to be spoken to in."""

    model_config = example(language="it")
    language: Language


class ChatChange(BaseModel):
    """What changes of a chat: the language of its account, the site it looks at. Left out: it stays."""

    model_config = example(language="it")
    language: Language | None = None
    site: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class PasswordChange(BaseModel):
    """One's password, and the one to take its place."""

    model_config = example(current="correct horse battery", new="another good one")
    current: Password
    new: Password


class RoleChange(BaseModel):
    """A role at a site."""

    model_config = example(role="operator")
    role: SiteRole


class TokenRequest(BaseModel):
    """A token to be made: what for, and what it may do. The role `bot` is for the Telegram bot."""

    model_config = example(label="grafana", role="viewer", site="noto")
    label: Name
    role: TokenRole = "viewer"
    site: Site = "*"


class Token(BaseModel):
    """A token as it is listed; `used_at` may be 5 minutes old.

    `person` is null for one made at the server's command line. A token never may more than its person.
    """

    model_config = example(**_TOKEN)
    id: str
    label: str
    prefix: str
    person: str | None
    role: TokenRole
    site: str
    created_at: IsoTime
    used_at: IsoTime | None


class TokenMade(BaseModel):
    """A new token; `secret` is shown this once."""

    model_config = example(token=_TOKEN, secret="st_Xk3v9aQ0cJ8r2mTq7dFhLw5nYb1sGzPeUiVoKxAaBcD")
    token: Token
    secret: str


class TokenList(BaseModel):
    """Tokens by label."""

    model_config = example(tokens=[_TOKEN], next=None)
    tokens: list[Token]
    next: Next


class InvitationRequest(BaseModel):
    """Whom to invite: somebody new, as `role` at `site`; or `person`, into the account there is."""

    model_config = example(role="viewer", site="noto", language="it", expires_in_s=DEFAULT_S)
    role: SiteRole = "viewer"
    site: Site = "*"
    language: Language = "en"
    person: Name | None = None
    expires_in_s: Annotated[int, Field(strict=True, ge=SHORTEST_S, le=LONGEST_S)] = DEFAULT_S


class Invitation(BaseModel):
    """An invitation as it is listed. With `person` it opens that account, else it makes one."""

    model_config = example(**_INVITATION)
    id: str
    state: State
    role: SiteRole | None
    site: str | None
    language: Language
    person: str | None
    made_by: str | None
    made_at: IsoTime
    expires_at: IsoTime
    used_at: IsoTime | None
    used_by: str | None


class InvitationMade(BaseModel):
    """A new invitation; `code` is shown this once.

    Redeemed by opening `path` on the page, or by sending `/start CODE` to the bot.
    """

    model_config = example(
        invitation=_INVITATION, code="Zk8qLw2mXv0aT5rYb1sGzQ", path="/join#Zk8qLw2mXv0aT5rYb1sGzQ"
    )
    invitation: Invitation
    code: str
    path: str | None


class InvitationList(BaseModel):
    """Invitations, newest first."""

    model_config = example(invitations=[_INVITATION], next=None)
    invitations: list[Invitation]
    next: Next


class CodeShown(BaseModel):
    """An invitation's code."""

    model_config = example(code="Zk8qLw2mXv0aT5rYb1sGzQ")
    code: Code


class OfferShown(BaseModel):
    """What a code offers: a new account with a role at a site, or a new password for `person`."""

    model_config = example(
        role="viewer", site="noto", language="it", person=None, expires_at="2026-11-23T08:30:00Z"
    )
    role: SiteRole | None
    site: str | None
    language: Language
    person: str | None
    expires_at: IsoTime


class JoinRequest(BaseModel):
    """A code, and the password to sign in with from now on; a new account needs a name too."""

    model_config = example(
        code="Zk8qLw2mXv0aT5rYb1sGzQ", name="bruno", password="correct horse battery", language="it"
    )
    code: Code
    password: Password
    name: Name | None = None
    language: Language | None = None


class ChatRequest(BaseModel):
    """A Telegram user or group who gives an invitation's code or the bot password."""

    model_config = example(telegram_id=104857600, name="Anna", language="it", secret="melograno-2026")
    telegram_id: TelegramId
    name: Name
    language: Language
    secret: Password


class Chat(BaseModel):
    """A chat that was let in: the account it acts for, what it may do, and the site it chose, if it did."""

    model_config = example(
        telegram_id=104857600, name="anna", language="it", roles={"noto": "operator"}, site="noto"
    )
    telegram_id: TelegramId
    name: str
    language: Language
    roles: Roles
    site: str | None


class AuditLine(BaseModel):
    """One thing that happened: who (`actor`, null for strangers and the operator), how they got in (`via`),
    from where, did what (`action`) to whom (`subject`) at which site."""

    id: int
    at: IsoTime
    actor: str | None
    via: str
    source: str
    action: Action
    subject: str | None
    site: str | None
    detail: dict[str, Scalar]


class Audit(BaseModel):
    """What happened, newest first."""

    model_config = example(
        lines=[
            {
                "id": 17,
                "at": _AT,
                "actor": "anna",
                "via": "session",
                "source": "192.0.2.7",
                "action": "role.given",
                "subject": "bruno",
                "site": "noto",
                "detail": {"role": "operator", "before": "viewer"},
            }
        ],
        next="17",
    )
    lines: list[AuditLine]
    next: Annotated[
        str | None, Field(description="What to send as `before` for older lines; null at the end.")
    ]
