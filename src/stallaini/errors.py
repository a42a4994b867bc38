"""The error an operator can act on."""

from __future__ import annotations


class OperatorError(Exception):
    """Something the person at the keyboard can mend; the message says what is wrong and what to do."""
