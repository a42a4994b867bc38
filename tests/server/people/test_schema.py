"""Databases of released versions are brought up to date without losing anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.people_house import BOT_PASSWORD, HOME, NOW_S, PASSWORD, House

from stallaini.errors import OperatorError
from stallaini.server.database import FILE_NAME, connect, migrate, transaction
from stallaini.server.people.accounts import hashed
from stallaini.server.people.chats import Chat
from stallaini.server.people.passwords import hash_password
from stallaini.server.people.schema import MIGRATIONS, ROOM

OLD = MIGRATIONS[:2]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as the first release left it: two people, a session, tokens, chats, a bot password."""
    path = tmp_path / FILE_NAME
    connection = connect(path)
    migrate(connection, ROOM, OLD)
    password, bot_password = hash_password(PASSWORD), hash_password(BOT_PASSWORD)
    with transaction(connection):
        for name, role in (("Anna", "admin"), ("bruno", "viewer")):
            connection.execute("INSERT INTO person VALUES (?, ?, ?, ?)", (name, role, password, NOW_S))
        connection.execute(
            "INSERT INTO session VALUES (?, 'Anna', ?, ?, ?)", (hashed("s"), NOW_S, NOW_S, NOW_S + 9)
        )
        connection.execute("INSERT INTO known_source VALUES ('Anna', ?, ?)", (HOME, NOW_S))
        for name, role in (("telegram", "bot"), ("grafana", "viewer")):
            connection.execute("INSERT INTO token VALUES (?, ?, ?, ?)", (name, hashed(name), role, NOW_S))
        connection.execute("INSERT INTO bot_password VALUES (1, ?)", (bot_password,))
        for telegram_id, name in ((5, "anna"), (-7, "Family"), (8, "Family"), (9, "\n/"), (10, "\u200b")):
            connection.execute("INSERT INTO chat VALUES (?, ?, 'it', ?)", (telegram_id, name, NOW_S))
    connection.close()
    return path


async def test_everybody_keeps_what_they_had(old: Path) -> None:
    house = House(old.parent)
    try:
        actor = await house.sessions.actor("s", HOME)
        assert actor is not None
        assert (actor.name, actor.grants.by_site, actor.language) == ("Anna", {"*": "admin"}, "en")
        assert (await house.sign_in(name="bruno")).actor.grants.by_site == {"*": "viewer"}
        bot, grafana = await house.tokens.actor("telegram"), await house.tokens.actor("grafana")
        assert bot is not None
        assert grafana is not None
        assert (bot.way, grafana.way, grafana.grants.by_site) == ("bot", "token", {"*": "viewer"})
        assert len({one.id for one in await house.tokens.listed()}) == 2
        for telegram_id, name in ((5, "anna 2"), (-7, "Family"), (8, "Family 2"), (9, "-"), (10, "chat")):
            chat = await house.chats.actor(telegram_id)
            assert chat is not None
            assert (chat.name, chat.language, chat.grants.by_site) == (name, "it", {"*": "viewer"})
        assert (await house.chats.join(Chat(11, "Carla", "en"), BOT_PASSWORD)).grants.at("noto") == "viewer"
        house.restart()
        assert len(await house.names()) == 8
    finally:
        house.database.close()


async def test_a_new_database_and_an_upgraded_one_have_the_same_tables(old: Path, tmp_path: Path) -> None:
    upgraded, fresh = connect(old), connect(tmp_path / "fresh.db")
    shapes = []
    for connection in (upgraded, fresh):
        migrate(connection, ROOM, MIGRATIONS)
        shapes.append(sorted(connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()))
        connection.close()
    assert shapes[0] == shapes[1]


def test_an_older_program_refuses_a_newer_database(old: Path) -> None:
    connection = connect(old)
    migrate(connection, ROOM, MIGRATIONS)
    with pytest.raises(OperatorError, match="newer Stallaini"):
        migrate(connection, ROOM, OLD)
    connection.close()
