"""`stallaini user`: people, roles, invitations, programs' tokens, the bot password, the audit."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.server.database import Database
from stallaini.server.options import DATABASE_FILE, add_data_option
from stallaini.server.people.accounts import Taken
from stallaini.server.people.audit import OPERATOR, Wanted
from stallaini.server.people.invitations import LONGEST_S, Offer
from stallaini.server.people.people import NewPerson, People, Unknown
from stallaini.server.people.roles import EVERY_SITE, ROLES
from stallaini.server.people.tokens import Scope
from stallaini.server.program import make_data_dir
from stallaini.server.times import iso

_LONGEST_DAYS = LONGEST_S // 86_400
_LANGUAGES = ("en", "it")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = _action(actions, "add", "a new person", name=True, password=True, site=True)
    add.add_argument("--role", choices=ROLES, default="viewer")
    _action(actions, "password", "a person's new password; ends all sessions", name=True, password=True)
    role = _action(actions, "role", "a person's role at a site, or at every site", name=True, site=True)
    role.add_argument("role", choices=(*ROLES, "none"))
    _action(actions, "remove", "remove a person or a token", name=True)
    listing = _action(actions, "list", "all people and tokens")
    invite = _action(actions, "invite", "a one-time code that lets somebody in", site=True)
    invite.add_argument("--role", choices=ROLES, default="viewer")
    invite.add_argument("--for", dest="person", metavar="NAME", help="open this person's account instead")
    invite.add_argument("--days", type=_days, default=7, help="how long it holds (default 7)")
    token = _action(
        actions, "token", "a program's bearer token, shown once; again replaces it", name=True, site=True
    )
    token.add_argument("--role", choices=(*ROLES, "bot"), default="viewer")
    bot = _action(actions, "bot-password", "what lets people talk to the bot", password=True, site=True)
    bot.add_argument("--none", action="store_true", help="let in by invitation alone")
    audit = _action(actions, "audit", "who got in and who changed what, newest first")
    audit.add_argument("--limit", type=int, default=50, help="at most so many lines (default 50)")
    for with_language in (add, invite):
        with_language.add_argument("--language", choices=_LANGUAGES, default="en")
    for with_json in (listing, token, invite, audit):
        with_json.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do one action on the server's database; the server may run meanwhile."""
    asyncio.run(_run(args))
    return 0


async def _run(args: argparse.Namespace) -> None:
    database = Database(make_data_dir(args.data) / DATABASE_FILE)
    try:
        await _ACTIONS[args.action](People(database, SystemClock()), args)
    except Taken:
        raise OperatorError(
            f"there is a {args.name!r} already; `stallaini user password {args.name}` changes the password"
        ) from None
    except Unknown as error:
        raise OperatorError(f"there is no {str(error)!r}; `stallaini user list` shows who there is") from None
    except ValueError as error:
        raise OperatorError(str(error)) from error
    finally:
        database.close()


async def _add(people: People, args: argparse.Namespace) -> None:
    new = NewPerson(args.name, _password(args), args.role, args.site, args.language)
    await people.add(new, OPERATOR)
    print(f"{args.name} can sign in as {args.role}{_at(args.site)}")


async def _change_password(people: People, args: argparse.Namespace) -> None:
    if await people.find(args.name) is None:
        raise Unknown(args.name)
    await people.set_password(args.name, _password(args), OPERATOR)
    print(f"{args.name} has a new password and must sign in again everywhere")


async def _set_role(people: People, args: argparse.Namespace) -> None:
    role = None if args.role == "none" else args.role
    await people.set_role(args.name, args.site, role, OPERATOR, keep_an_admin=False)
    print(f"{args.name} is {args.role if role else 'nothing'}{_at(args.site)}")


async def _remove(people: People, args: argparse.Namespace) -> None:
    try:
        await people.remove(args.name, OPERATOR, keep_an_admin=False)
    except Unknown:
        if not await people.tokens.revoke_label(args.name, OPERATOR):
            raise
    print(f"{args.name} is removed")


async def _list(people: People, args: argparse.Namespace) -> None:
    persons, tokens = await people.listed(), await people.tokens.listed()
    rows: list[dict[str, object]] = [
        {
            "name": one.name,
            "kind": "person",
            "roles": dict(one.grants.by_site),
            "telegram_ids": [chat.telegram_id for chat in one.chats],
            "created_at": iso(one.created_s),
        }
        for one in persons
    ]
    rows += [
        {
            "name": one.label,
            "kind": "token",
            "roles": {one.site: one.role},
            "person": one.person,
            "created_at": iso(one.created_s),
        }
        for one in tokens
    ]
    if args.json:
        print(json.dumps(rows))
        return
    for row in rows:
        roles = row["roles"]
        assert isinstance(roles, dict)
        said = ", ".join(f"{role}{_at(site)}" for site, role in roles.items()) or "no role"
        print(f"{row['name']:<24} {row['kind']:<8} {said:<24} since {row['created_at']}")


async def _invite(people: People, args: argparse.Namespace) -> None:
    offer = Offer(args.language, args.role, args.site)
    if args.person is not None:
        found = await people.find(args.person)
        if found is None:
            raise Unknown(args.person)
        offer = Offer(found.language, person=found.name)
    code, made = await people.invitations.make(offer, args.days * 86_400, OPERATOR)
    if args.json:
        print(json.dumps({"code": code, "path": f"/join#{code}", "expires_at": iso(made.expires_s)}))
        return
    print(f"send one of these to whom you invite; it works once, until {iso(made.expires_s)}:")
    print(f"  in a browser: the page's address and behind it /join#{code}")
    print(f"  to the bot:   /start {code}")


async def _token(people: People, args: argparse.Namespace) -> None:
    site = EVERY_SITE if args.role == "bot" else args.site
    token, replaced = await people.tokens.make_for_server(Scope(args.name, args.role, site), OPERATOR)
    if replaced:
        print(f"the old token of {args.name} no longer works", file=sys.stderr)
    shown = {"name": args.name, "role": args.role, "site": site, "token": token}
    print(json.dumps(shown) if args.json else token)


async def _bot_password(people: People, args: argparse.Namespace) -> None:
    if args.none:
        await people.chats.clear_password(OPERATOR)
        print("the bot lets in by invitation alone; chats that are in stay in")
        return
    await people.chats.set_password(_password(args), OPERATOR, args.site)
    print("the bot password is set; chats that are in stay in")


async def _audit(people: People, args: argparse.Namespace) -> None:
    for line in await people.audit(Wanted(limit=args.limit)):
        shown = {**line._asdict(), "at": iso(line.at_s)}
        del shown["at_s"]
        if args.json:
            print(json.dumps(shown))
            continue
        about = " ".join(filter(None, (line.subject, line.site and _at(line.site).strip())))
        detail = " ".join(f"{key}={value}" for key, value in line.detail.items())
        who = f"{line.actor or '-'} ({line.way}, {line.source})"
        print(f"{shown['at']} {who}: {line.action} {about} {detail}".rstrip())


_ACTIONS: dict[str, Callable[[People, argparse.Namespace], Awaitable[None]]] = {
    "add": _add,
    "password": _change_password,
    "role": _set_role,
    "remove": _remove,
    "list": _list,
    "invite": _invite,
    "token": _token,
    "bot-password": _bot_password,
    "audit": _audit,
}


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    action: str,
    help_text: str,
    *,
    name: bool = False,
    password: bool = False,
    site: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(action, help=help_text, description=help_text)
    if name:
        parser.add_argument("name")
    if site:
        parser.add_argument("--site", default=EVERY_SITE, help="at this site alone (default: at every site)")
    if password:
        parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
    add_data_option(parser)
    return parser


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {_LONGEST_DAYS}")
    return int(text)


def _at(site: str) -> str:
    return "" if site == EVERY_SITE else f" at {site}"


def _password(args: argparse.Namespace) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        first, second = getpass.getpass("password: "), getpass.getpass("once more: ")
    except EOFError:
        raise OperatorError("no terminal to ask for the password; pipe it in with --password-stdin") from None
    if first != second:
        raise OperatorError("the two passwords differ; try again")
    return first
