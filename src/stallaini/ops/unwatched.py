"""Where live news goes while history is made or measured: nobody looks."""

from __future__ import annotations

from stallaini.link.messages import Live, Minute
from stallaini.site.description import Description


class Unwatched:
    """The sink that an ingest publishes to, without anybody behind it."""

    def publish(self, site: str, news: Live | Minute, description: Description) -> None:
        """Drop it."""

    def alarmed(self, site: str) -> None:
        """Nobody looks."""

    def watching_s(self, site: str) -> int:  # noqa: ARG002
        """Nobody watches."""
        return 0
