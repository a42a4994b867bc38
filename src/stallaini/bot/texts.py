"""The languages the bot speaks."""

from __future__ import annotations

from collections.abc import Mapping

from stallaini.bot.texts_en import EN
from stallaini.bot.texts_it import IT
from stallaini.bot.wordbook import Texts

__all__ = ["EN", "IT", "LANGUAGES", "Texts", "texts_for"]

LANGUAGES: Mapping[str, Texts] = {"en": EN, "it": IT}


def texts_for(language_code: str | None) -> Texts:
    """The texts for an IETF language tag such as `it-CH`; English where the language is not spoken."""
    return LANGUAGES.get((language_code or "").split("-")[0].lower(), EN)
