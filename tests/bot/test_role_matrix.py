"""Who gets what from the bot: every command against every kind of chat, as a table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.bot_house import LIVE, PASSWORD, SITE, TITLE, BotHouse, BotProcess, admitted
from tests.support.telegram import Talk, TelegramStandIn

from stallaini.bot.handlers import COMMANDS
from stallaini.bot.texts import EN
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.invitations import Offer
from stallaini.server.people.roles import SiteRole

HIDDEN, HIDDEN_TITLE = "hut", "The hidden hut"

STRANGERS = ("never let in", "removed", "left")
LOOKERS = ("bot password", "viewer", "operator", "admin", "admin group")
NO_ROLE = "role taken"

# Per command what is said, to those who may look and to one who is in but may look at nothing (any more).
ANSWERS: dict[str, tuple[str, str]] = {
    "status": (TITLE, EN.no_sites),
    "chart": (TITLE, EN.no_sites),
    "alarms": (TITLE, EN.no_sites),
    "loads": (TITLE, EN.no_sites),
    "report": (TITLE, EN.no_sites),
    "data": (TITLE, EN.no_sites),
    "uptime": (TITLE, EN.no_sites),
    "sites": (EN.which_site, EN.no_sites),
    "language": (EN.which_language, EN.which_language),
    "start": (EN.help_intro, EN.help_intro),
    "leave": (EN.leave_sure, EN.leave_sure),
    "help": (EN.help_intro, EN.help_intro),
}
ROLES: dict[str, SiteRole] = {"viewer": "viewer", "operator": "operator", "admin": "admin"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotHouse]:
    """A server with a site, and another one that is hidden from all who come by invitation."""
    house = BotHouse(tmp_path_factory.mktemp("server"))
    for name, title in ((SITE, TITLE), (HIDDEN, HIDDEN_TITLE)):
        house.add_site(name, title)
        house.live(name, LIVE)
    yield house
    house.close()


@pytest.fixture(scope="module")
def talks(house: BotHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Talk]]:
    """A chat of every kind."""
    people = house.people

    def code(role: SiteRole) -> str:
        return house.run(people.invitations.make(Offer("en", role, SITE), 3600, OPERATOR))[0]

    with TelegramStandIn() as telegram:
        bot = BotProcess(tmp_path_factory.mktemp("bot"), house.url, telegram.url, house.token)
        talks = {"never let in": telegram.talk(1), "bot password": admitted(telegram, 2)}
        for number, (kind, role) in enumerate(ROLES.items(), 10):
            talks[kind] = telegram.talk(number, title=kind)
            assert TITLE in talks[kind].asks(f"/start {code(role)}").text
        talks["admin group"] = telegram.talk(-5, kind="supergroup", title="Family")
        talks["admin group"].asks(f"/start {code('admin')}")
        for number, kind in enumerate((NO_ROLE, "removed", "left"), 20):
            talks[kind] = telegram.talk(number, title=kind)
            talks[kind].asks(f"/start {code('operator')}")
        house.run(people.set_role(NO_ROLE, SITE, None, OPERATOR))
        house.run(people.remove("removed", OPERATOR))
        talks["left"].presses(talks["left"].asks("/leave"), EN.leave_yes)
        telegram.wait_for("the leaving", lambda: telegram.calls_of("editMessageText"))
        yield talks
        bot.kill_if_running()


def test_the_table_has_every_command() -> None:
    assert set(ANSWERS) == set(COMMANDS)


@pytest.mark.parametrize("command", ANSWERS)
def test_every_command_answers_exactly_whom_it_should(talks: dict[str, Talk], command: str) -> None:
    words = f"/{command} {SITE}" if TITLE in ANSWERS[command] else f"/{command}"
    # A span that is none: who may look is told so, and nothing is drawn.
    words += " 9x" if command == "chart" else ""
    to_lookers, to_others = ANSWERS[command]
    for kind in LOOKERS:
        assert to_lookers in talks[kind].asks(words).text, kind
    assert to_others in talks[NO_ROLE].asks(words).text


@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_get_one_sentence_whatever_they_ask(talks: dict[str, Talk], kind: str) -> None:
    # Three answers in ten minutes are all a stranger gets.
    for words in ("/status", "/language it", "/start made-up-code"):
        heard = talks[kind].asks(words)
        assert (heard.text, heard.buttons) == (EN.private, {})


@pytest.mark.parametrize("kind", ["viewer", "operator", "admin", "admin group"])
def test_a_site_of_others_is_neither_shown_nor_named(talks: dict[str, Talk], kind: str) -> None:
    for words in (f"/status {HIDDEN}", f"/chart {HIDDEN} 3h", f"/uptime {HIDDEN}"):
        heard = talks[kind].asks(words)
        assert "I know no site" in heard.text
        assert HIDDEN_TITLE not in str((heard.text, heard.buttons))


def test_the_bot_password_shows_every_site(talks: dict[str, Talk]) -> None:
    assert HIDDEN_TITLE in str(talks["bot password"].asks("/sites").buttons)


def test_a_code_lets_in_once(house: BotHouse, talks: dict[str, Talk]) -> None:
    code = house.run(house.people.invitations.make(Offer("en", "viewer", HIDDEN), 3600, OPERATOR))[0]
    # Who is in already gets the further site and keeps what there was.
    heard = talks["viewer"].asks(f"/start {code}")
    assert HIDDEN_TITLE in heard.text
    assert TITLE in heard.text
    assert talks["operator"].asks(f"/start {code}").text == EN.private
    assert PASSWORD not in heard.text


def test_the_language_is_the_accounts_and_is_changed_by_word_or_button(talks: dict[str, Talk]) -> None:
    admin = talks["admin"]
    assert admin.asks("/language it").text == "D'ora in poi parlo italiano."
    offer = admin.asks("/language")
    assert list(offer.buttons) == ["English", "Italiano"]
    admin.presses(offer, "English")
    assert admin.hears().text == EN.language_changed
