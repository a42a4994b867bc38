"""What admins do with people: who there is, roles, invitations, the audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from stallaini.server.api import people_models as shapes
from stallaini.server.api.account import by, too_many_invitations
from stallaini.server.api.paging import After, Limit, page
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import (
    PREFIX,
    Parts,
    PersonActor,
    Services,
    SiteName,
    SomeAdmin,
    not_permitted,
)
from stallaini.server.api.shown import account, audit_line, invitation, invitation_made
from stallaini.server.people.accounts import Account, LastAdmin
from stallaini.server.people.audit import Action, Wanted
from stallaini.server.people.invitations import Invitation, Offer, TooManyInvitations, may_offer
from stallaini.server.people.people import Unknown
from stallaini.server.people.roles import EVERY_SITE, Actor, SiteRole

router = APIRouter(prefix=PREFIX, tags=["people"], responses=problems(401, 403, 422))

PersonName = Annotated[str, Path(max_length=64, examples=["bruno"])]


@router.get("/people")
async def list_people(
    parts: Parts, actor: SomeAdmin, after: After = None, limit: Limit = 100
) -> shapes.AccountList:
    """Who there is, by name; admins of single sites see who has a role there."""
    sites = actor.grants.sites("admin")
    found = await parts.people.listed(after or "", limit + 1, sites)
    following = found[limit - 1].name if len(found) > limit else None
    return shapes.AccountList(people=[account(one, sites) for one in found[:limit]], next=following)


@router.get("/people/{name}", responses=problems(404))
async def read_person(name: PersonName, parts: Parts, actor: SomeAdmin) -> shapes.Account:
    """One account, as far as the admin may see it."""
    return account(await _seen(parts, actor, name), actor.grants.sites("admin"))


@router.delete("/people/{name}", status_code=204, responses=problems(404, 409))
async def remove_person(name: PersonName, request: Request, parts: Parts, actor: PersonActor) -> None:
    """Remove an account with its sessions, tokens, chats and open invitations; administers the server."""
    _check_server_admin(actor)
    try:
        await parts.people.remove(name, by(actor, request))
    except Unknown:
        raise _unknown(name) from None
    except LastAdmin:
        raise _last_admin() from None


@router.put("/people/{name}/roles/{site}", status_code=204, responses=problems(404, 409))
async def give_role(
    name: PersonName,
    site: SiteName,
    change: shapes.RoleChange,
    request: Request,
    parts: Parts,
    actor: PersonActor,
) -> None:
    """Set somebody's role at a site one is admin of; * is every site. It holds from the next request on."""
    await _set_role(name, site, change.role, request, parts, actor)


@router.delete("/people/{name}/roles/{site}", status_code=204, responses=problems(404, 409))
async def take_role(
    name: PersonName, site: SiteName, request: Request, parts: Parts, actor: PersonActor
) -> None:
    """Take somebody's role at a site one is admin of."""
    await _set_role(name, site, None, request, parts, actor)


@router.get("/invitations")
async def list_invitations(
    parts: Parts, actor: SomeAdmin, after: After = None, limit: Limit = 100
) -> shapes.InvitationList:
    """Invitations one could have made oneself, newest first; used and expired ones for 90 days."""
    now_s = int(parts.clock.wall_s())
    mine = [one for one in await parts.people.invitations.listed() if _may(actor, one.offer)]
    shown, following = page(mine, lambda one: one.id, after, limit)
    return shapes.InvitationList(invitations=[invitation(one, now_s) for one in shown], next=following)


@router.post("/invitations", status_code=201, responses=problems(404, 409))
async def invite(
    wanted: shapes.InvitationRequest, request: Request, parts: Parts, actor: PersonActor
) -> shapes.InvitationMade:
    """A one-time code, shown this once, for somebody new at one's sites, or for an account there is."""
    offer = await _offer(parts, actor, wanted)
    try:
        made = await parts.people.invitations.make(offer, wanted.expires_in_s, by(actor, request))
    except TooManyInvitations:
        raise too_many_invitations() from None
    return invitation_made(*made, now_s=int(parts.clock.wall_s()))


@router.delete("/invitations/{id}", status_code=204, responses=problems(404))
async def revoke_invitation(
    id_: Annotated[str, Path(alias="id", max_length=32)], request: Request, parts: Parts, actor: PersonActor
) -> None:
    """Take an open invitation back."""
    for one in await parts.people.invitations.listed():
        permitted = _may(actor, one.offer) or _made(actor, one)
        if one.id == id_ and permitted and await parts.people.invitations.revoke(one, by(actor, request)):
            return
    detail = "there is no such open invitation; GET /api/v1/invitations lists them"
    raise Problem(404, "unknown-invitation", detail)


@router.get("/audit")
async def read_audit(
    parts: Parts,
    actor: SomeAdmin,
    before: Annotated[int | None, Query(ge=1, lt=2**53, description="Lines older than this id.")] = None,
    person: Annotated[str | None, Query(max_length=64, description="By or about this account.")] = None,
    action: Annotated[Action | None, Query(description="Of this kind alone.")] = None,
    limit: Limit = 100,
) -> shapes.Audit:
    """Who got in, who did not, who changed what; newest first. Admins of single sites see theirs."""
    sites = actor.grants.sites("admin")
    found = await parts.people.audit(Wanted(before, person, action, sites, limit + 1))
    following = str(found[limit - 1].id) if len(found) > limit else None
    return shapes.Audit(lines=[audit_line(one) for one in found[:limit]], next=following)


async def _set_role(
    name: str, site: str, role: SiteRole | None, request: Request, parts: Services, actor: Actor
) -> None:
    await parts.check_site(actor, "admin", site)
    await _seen(parts, actor, name)
    try:
        await parts.people.set_role(name, site, role, by(actor, request))
    except Unknown:
        raise _unknown(name) from None
    except LastAdmin:
        raise _last_admin() from None


async def _seen(parts: Services, actor: Actor, name: str) -> Account:
    """The account; somebody an admin may not see answers as nobody."""
    found, sites = await parts.people.find(name), actor.grants.sites("admin")
    if found is None or (sites is not None and not {EVERY_SITE, *sites} & found.grants.by_site.keys()):
        raise _unknown(name)
    return found


async def _offer(parts: Services, actor: Actor, wanted: shapes.InvitationRequest) -> Offer:
    if wanted.person is not None:
        _check_server_admin(actor)
        found = await _seen(parts, actor, wanted.person)
        return Offer(found.language, person=found.name)
    await parts.check_site(actor, "admin", wanted.site)
    return Offer(wanted.language, wanted.role, wanted.site)


def _may(actor: Actor, offer: Offer) -> bool:
    return may_offer(actor.grants, actor.name, offer)


def _made(actor: Actor, one: Invitation) -> bool:
    return one.made_by is not None and one.made_by.casefold() == actor.name.casefold()


def _check_server_admin(actor: Actor) -> None:
    if not actor.grants.server_admin:
        raise not_permitted(
            f"{actor.name!r} does not administer the server; this needs an admin of every site"
        )


def _unknown(name: str) -> Problem:
    return Problem(404, "unknown-person", f"there is no {name!r}; GET /api/v1/people lists them")


def _last_admin() -> Problem:
    detail = "nobody else with a password administers the server; give somebody that role first"
    return Problem(409, "last-admin", detail)
