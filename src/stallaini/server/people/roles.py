"""What somebody may do at which site. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

SiteRole = Literal["viewer", "operator", "admin"]
Way = Literal["session", "token", "bot", "chat", "demo"]
Language = Literal["en", "it"]

ROLES: tuple[SiteRole, ...] = ("viewer", "operator", "admin")
"""Each may do all that those before it may."""

EVERY_SITE = "*"
"""The site of a role that holds at every site, later ones included; an admin of it administers the server."""


@dataclass(frozen=True)
class Grants:
    """The roles of one account or token, by site."""

    by_site: Mapping[str, SiteRole]

    @property
    def server_admin(self) -> bool:
        """Whether they administer the server itself."""
        return self.by_site.get(EVERY_SITE) == "admin"

    def at(self, site: str) -> SiteRole | None:
        """The role at one site: its own, or the one at every site if that is higher."""
        return _highest(role for key in (site, EVERY_SITE) if (role := self.by_site.get(key)))

    def allow(self, role: SiteRole, site: str) -> bool:
        """Whether they are at least `role` at `site`."""
        held = self.at(site)
        return held is not None and ROLES.index(held) >= ROLES.index(role)

    def anywhere(self) -> SiteRole | None:
        """The highest role at any site."""
        return _highest(self.by_site.values())

    def sites(self, role: SiteRole = "viewer") -> frozenset[str] | None:
        """The sites where they are at least `role`; None means every site."""
        if self.allow(role, EVERY_SITE):
            return None
        return frozenset(site for site in self.by_site if site != EVERY_SITE and self.allow(role, site))

    def within(self, other: Grants) -> Grants:
        """What both allow."""
        met = {}
        for site in {*self.by_site, *other.by_site}:
            mine, theirs = self.at(site), other.at(site)
            if mine is not None and theirs is not None:
                met[site] = min(mine, theirs, key=ROLES.index)
        return Grants(met)

    def capped(self, role: SiteRole) -> Grants:
        """The same sites with no role above `role`."""
        return Grants({site: min(held, role, key=ROLES.index) for site, held in self.by_site.items()})


NOTHING = Grants({})


@dataclass(frozen=True)
class Actor:
    """Who asks, how they got in, and what they may do.

    `key` is the public id of the session or token they came with.
    """

    name: str
    way: Way
    grants: Grants
    language: Language = "en"
    key: str = ""


def _highest(roles: Iterable[SiteRole]) -> SiteRole | None:
    return max(roles, key=ROLES.index, default=None)
