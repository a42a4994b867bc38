"""One question of a chat that is let in, and what an answer is made with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

from stallaini.bot.api_client import ApiClient, Chat, SiteRow
from stallaini.bot.api_doings import Doings
from stallaini.bot.asking import Ask, Button
from stallaini.bot.draw import Drawer
from stallaini.bot.texts import Texts
from stallaini.bot.wording import escape
from stallaini.clock import Clock

_DOTS = {"live": "🟢", "late": "🟡", "silent": "🔴", "never": "⚪"}
# Telegram shows at most a hundred buttons.
_CHOICES, _ONE_COLUMN = 90, 8

Rows = Sequence[Sequence[tuple[str, Button]]]


class Chatter(Protocol):
    """The few things the bot does in a chat; `chatter.py` gives them Telegram's form."""

    async def say(self, chat_id: int, text: str, buttons: Rows = ()) -> int:
        """Send a message in Telegram's HTML; its id."""

    async def replace(
        self, chat_id: int, message_id: int, text: str, buttons: Rows = (), *, anew: bool = True
    ) -> int:
        """Put another text into a message of the bot's own; the id of the message that says it now.

        Where that message was deleted it is said `anew`, or not at all.
        """

    async def show(self, chat_id: int, image: bytes, caption: str, buttons: Rows = ()) -> None:
        """Send a picture."""

    async def redraw(
        self, chat_id: int, message_id: int, image: bytes, caption: str, buttons: Rows = ()
    ) -> None:
        """Put another picture into a message of the bot's own."""

    async def busy(self, chat_id: int) -> None:
        """Let the chat show that a picture is coming."""

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Delete a person's message; False when Telegram does not allow it."""

    async def confirm(self, callback_id: str, text: str = "") -> None:
        """Stop the little clock on a pressed button; a text is shown to who pressed it, and nobody else."""

    async def menu(self, chat_id: int, texts: Texts | None) -> None:
        """List the commands in this chat's menu; None: no longer."""


class Once:
    """Remembers what was done already, so that a button pressed twice in a row does its thing once."""

    def __init__(self) -> None:
        self._done: deque[object] = deque(maxlen=1000)

    def was(self, what: object) -> bool:
        """Whether it was done."""
        return what in self._done

    def note(self, what: object) -> None:
        """It is done."""
        self._done.append(what)


@dataclass(frozen=True)
class Tools:
    """What all answers are made with. `later` goes on with something after the answer, one a chat."""

    api: ApiClient
    chatter: Chatter
    drawer: Drawer
    clock: Clock
    later: Callable[[int, Coroutine[object, object, None]], None]
    once: Once


class Talk:
    """A question with who asks it, and the ways to answer."""

    def __init__(self, ask: Ask, chat: Chat, texts: Texts, tools: Tools) -> None:
        self.ask = ask
        self.chat = chat
        self.texts = texts
        self.tools = tools
        self.api = tools.api.speaking_for(ask.chat_id)
        self.doings = Doings(self.api)
        self.sites: Sequence[SiteRow] = ()

    async def say(self, text: str, rows: Rows = ()) -> int:
        """Say something new."""
        return await self.tools.chatter.say(self.ask.chat_id, text, fitting(rows))

    async def answer(self, text: str, rows: Rows = ()) -> int:
        """Say it, where a button asks for it in the message that has the button; the message's id."""
        if self.ask.button is None or not self.ask.button.span or self.ask.on_picture:
            return await self.say(text, rows)
        return await self.replace(self.ask.message_id, text, rows)

    async def replace(self, message_id: int, text: str, rows: Rows = (), *, anew: bool = True) -> int:
        """Say it in a message that says something else so far."""
        return await self.tools.chatter.replace(self.ask.chat_id, message_id, text, fitting(rows), anew=anew)

    async def toast(self, text: str) -> None:
        """Tell it to who pressed the button alone."""
        if self.ask.callback_id is not None:
            await self.tools.chatter.confirm(self.ask.callback_id, text)

    def may_act(self, site: str) -> bool:
        """Whether buttons that do something are shown; in a group each member is asked for their own role."""
        return not self.ask.private or self.chat.may_act(site)

    async def actor(self) -> ApiClient | None:
        """The server as whoever asks may use it; in a group as that member, or None after telling why not."""
        if self.ask.private:
            return self.api
        person = self.ask.person_id
        if person is None or await self.tools.api.chat(person) is None:
            if self.ask.callback_id is None:
                await self.say(self.texts.only_known)
            await self.toast(self.texts.only_known)
            return None
        return self.tools.api.speaking_for(person)

    async def pick_site(self, name: str, span: str = "") -> SiteRow | None:
        """The site asked for, else the one this chat looks at, or None after offering a choice."""
        self.sites = sites = await self.api.sites()
        if not sites:
            await self.say(self.texts.no_sites)
            return None
        if not name:
            if len(sites) == 1:
                return sites[0]
            chosen = next((one for one in sites if one.site == self.chat.site), None)
            if chosen is not None:
                return chosen
        found = find_site(sites, name)
        if found is None:
            text = self.texts.unknown_site.format(name=escape(name)) if name else self.texts.which_site
            await self.say(text, choice(sites, self.ask.verb, span))
        elif len(sites) > 1 and found.site != self.chat.site:
            await self.tools.api.choose_site(self.ask.chat_id, found.site)
        return found

    def other_site(self) -> list[tuple[str, Button]]:
        """The button that leads to the other sites, where there are any."""
        return [("🏠 " + self.texts.other_site, Button("sites", "", ""))] if len(self.sites) > 1 else []


def site_name(ask: Ask) -> str:
    """The site named after a command, or by a button."""
    return " ".join(ask.words) if ask.button is None else ask.button.site


def find_site(sites: Sequence[SiteRow], name: str) -> SiteRow | None:
    """The site of that name or title, or the only one that begins so; capitals do not matter."""
    wanted = name.casefold()
    exact = [one for one in sites if wanted in (one.site.casefold(), one.title.casefold())]
    begun = [
        one
        for one in sites
        if one.site.casefold().startswith(wanted) or one.title.casefold().startswith(wanted)
    ]
    if exact or not wanted:
        return exact[0] if exact else None
    return begun[0] if len(begun) == 1 else None


def choice(sites: Sequence[SiteRow], verb: str, span: str) -> Rows:
    """A button for each site, with how lately it was heard."""
    buttons = [(f"{_DOTS[one.state]} {one.title}", Button(verb, one.site, span)) for one in sites[:_CHOICES]]
    fit = [(label, button) for label, button in buttons if button.fits()]
    columns = 1 if len(fit) <= _ONE_COLUMN else 2
    return [fit[start : start + columns] for start in range(0, len(fit), columns)]


def fitting(rows: Rows) -> Rows:
    """The rows without buttons that Telegram cannot carry, and without rows left empty by that."""
    kept = [[(label, button) for label, button in row if button.fits()] for row in rows]
    return [row for row in kept if row]
