"""Studer's messages: what a number in the alarm history means (appendix V1.6.42, "RCC messages")."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources


class Severity(Enum):
    """How bad it is; HALTED means that the device has stopped."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    HALTED = "halted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StuderMessage:
    """A message number, its severity and its text in English."""

    nr: int
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One occurrence: message `nr` of the device `address`, with a `value` that depends on the message.

    `unix_s` is the gateway's own clock, which runs on the site's local time; None where the wire gives no
    time (Xcom-CAN). The three of address, time and number identify an occurrence.
    """

    nr: int
    address: int
    unix_s: int | None
    value: int


def message(nr: int) -> StuderMessage:
    """What message `nr` means; a number outside the table gives a message that says so."""
    known = _table().get(nr)
    return known or StuderMessage(nr, Severity.UNKNOWN, f"unknown message {nr}")


@cache
def _table() -> dict[int, StuderMessage]:
    source = resources.files(__package__).joinpath("messages.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(source.splitlines())
    return {
        int(row["nr"]): StuderMessage(int(row["nr"]), Severity(row["severity"]), row["text"]) for row in rows
    }
