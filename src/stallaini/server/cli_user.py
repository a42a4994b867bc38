"""`stallaini user`: people, programs' tokens and the bot password."""

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
from stallaini.server.passwords import WeakPassword
from stallaini.server.people import People, Taken
from stallaini.server.program import make_data_dir
from stallaini.server.times import iso


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = _action(actions, "add", "a new person", name=True, password=True)
    add.add_argument("--role", choices=("admin", "viewer"), default="viewer")
    _action(actions, "password", "a person's new password; ends all sessions", name=True, password=True)
    _action(actions, "remove", "remove a person or a token", name=True)
    listing = _action(actions, "list", "all people and tokens")
    token = _action(actions, "token", "a program's bearer token, shown once; again replaces it", name=True)
    token.add_argument("--role", choices=("viewer", "bot"), default="viewer")
    _action(actions, "bot-password", "what people tell the Telegram bot to get in", password=True)
    for with_json in (listing, token):
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
    except WeakPassword as error:
        raise OperatorError(str(error)) from error
    except ValueError as error:
        raise OperatorError(str(error)) from error
    finally:
        database.close()


async def _add(people: People, args: argparse.Namespace) -> None:
    await people.add_person(args.name, _password(args), args.role)
    print(f"{args.name} can sign in as {args.role}")


async def _change_password(people: People, args: argparse.Namespace) -> None:
    if not await people.set_password(args.name, _password(args)):
        raise _nobody(args.name)
    print(f"{args.name} has a new password and must sign in again everywhere")


async def _remove(people: People, args: argparse.Namespace) -> None:
    if not await people.remove(args.name):
        raise _nobody(args.name)
    print(f"{args.name} is removed")


async def _list(people: People, args: argparse.Namespace) -> None:
    listed = await people.everybody()
    if args.json:
        rows = [
            {"name": one.name, "kind": one.kind, "role": one.role, "created_at": iso(one.created_s)}
            for one in listed
        ]
        print(json.dumps(rows))
        return
    for one in listed:
        print(f"{one.name:<24} {one.kind:<8} {one.role:<8} since {iso(one.created_s)}")


async def _token(people: People, args: argparse.Namespace) -> None:
    token, replaced = await people.make_token(args.name, args.role)
    if replaced:
        print(f"the old token of {args.name} no longer works", file=sys.stderr)
    print(json.dumps({"name": args.name, "role": args.role, "token": token}) if args.json else token)


async def _bot_password(people: People, args: argparse.Namespace) -> None:
    await people.set_bot_password(_password(args))
    print("the bot password is set; chats that are in stay in")


_ACTIONS: dict[str, Callable[[People, argparse.Namespace], Awaitable[None]]] = {
    "add": _add,
    "password": _change_password,
    "remove": _remove,
    "list": _list,
    "token": _token,
    "bot-password": _bot_password,
}


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    action: str,
    help_text: str,
    *,
    name: bool = False,
    password: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(action, help=help_text, description=help_text)
    if name:
        parser.add_argument("name")
    if password:
        parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
    add_data_option(parser)
    return parser


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


def _nobody(name: str) -> OperatorError:
    return OperatorError(f"there is no {name!r}; `stallaini user list` shows who there is")
