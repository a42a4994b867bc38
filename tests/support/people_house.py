"""People in a real database that can be closed and opened again, under a clock that stands still."""

from __future__ import annotations

from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.server.database import FILE_NAME, Database
from stallaini.server.people.audit import OPERATOR, By, Entry, Wanted
from stallaini.server.people.chats import Chat
from stallaini.server.people.guesses import Throttled
from stallaini.server.people.invitations import Offer
from stallaini.server.people.people import NewPerson, People
from stallaini.server.people.roles import SiteRole
from stallaini.server.people.sessions import Caller, SignedIn, WrongPassword
from stallaini.server.people.tokens import Scope, TokenRole

NOW_S = 1_794_830_400
DAY_S = 86_400
PASSWORD = "correct horse battery"
BOT_PASSWORD = "melograno-2026"
HOME, ELSEWHERE = "192.0.2.7", "203.0.113.9"
ANNA_BY = By("anna", "session", HOME)
ANNAS_CHAT = Chat(104_857_600, "Anna", "it")
FAMILY_CHAT = Chat(-1_001_234_567_890, "Family", "it")


class House:
    """One server's people."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.clock = VirtualClock(wall_s=NOW_S)
        self._open()

    def _open(self) -> None:
        self.database = Database(self.path)
        self.people = People(self.database, self.clock)
        self.sessions, self.tokens = self.people.sessions, self.people.tokens
        self.chats, self.invitations = self.people.chats, self.people.invitations

    def restart(self) -> None:
        """Close and open everything, as when the server starts anew."""
        self.database.close()
        self._open()

    async def person(self, name: str, role: SiteRole = "viewer", site: str = "*") -> None:
        """A person with the password of them all."""
        await self.people.add(NewPerson(name, PASSWORD, role, site), OPERATOR)

    async def sign_in(
        self, source: str = HOME, name: str = "anna", password: str = PASSWORD, device: str = ""
    ) -> SignedIn:
        """Sign in from an address with a browser's device cookie."""
        return await self.sessions.sign_in(name, password, Caller(source, "Firefox", device))

    async def guess(self, times: int, name: str = "anna", source: str = ELSEWHERE, device: str = "") -> int:
        """Wrong sign-ins until throttled; the seconds to wait then, or 0."""
        for _ in range(times):
            try:
                await self.sign_in(source, name, "wrong password", device)
            except WrongPassword:
                continue
            except Throttled as throttled:
                return throttled.retry_after_s
        return 0

    async def token(self, label: str, role: TokenRole, site: str = "*", by: By = ANNA_BY) -> str:
        """A person's new token."""
        return (await self.tokens.make(Scope(label, role, site), by))[0]

    async def code(
        self, role: SiteRole = "viewer", site: str = "noto", by: By = OPERATOR, lasts_s: int = DAY_S
    ) -> str:
        """An invitation for somebody new."""
        return (await self.invitations.make(Offer("it", role, site), lasts_s, by))[0]

    async def roles(self, name: str) -> dict[str, SiteRole]:
        """The roles of a person there is."""
        found = await self.people.find(name)
        assert found is not None, name
        return dict(found.grants.by_site)

    async def names(self) -> list[str]:
        """Everybody's name."""
        return [one.name for one in await self.people.listed()]

    async def audit(self) -> list[Entry]:
        """What happened so far, in order."""
        return (await self.people.audit(Wanted(limit=10_000)))[::-1]
