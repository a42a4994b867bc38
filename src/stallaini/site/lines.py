"""Where each key of a TOML text stands: the standard parser tells values but no lines."""

from __future__ import annotations

import bisect
import re
import tomllib

KeyPath = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_PLAIN_VALUE = re.compile(r"[^,\]}\n#]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")', re.DOTALL),
    re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


class LineIndex:
    """Lines (from 1) of the tables, keys and array items of a TOML text that has been parsed before."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        try:
            _Scanner(text, self._lines).scan()
        except (ValueError, RecursionError):
            # A form this scan does not know: faults then carry the line of the table above.
            return

    def line(self, path: KeyPath) -> int:
        """The line of `path`, or of the nearest thing above it, or 1."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1


class _Scanner:
    def __init__(self, text: str, lines: dict[KeyPath, int]) -> None:
        self._text = text
        self._pos = 0
        self._lines = lines
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._table_counts: dict[KeyPath, int] = {}

    def scan(self) -> None:
        prefix: KeyPath = ()
        self._take(_BLANK_LINES)
        while self._pos < len(self._text):
            if self._text.startswith("[", self._pos):
                prefix = self._header()
            else:
                self._pair(prefix)
            self._take(_BLANK_LINES)

    def _header(self) -> KeyPath:
        start = self._pos
        of_array = self._text.startswith("[[", self._pos)
        self._pos += 2 if of_array else 1
        parts = self._key()
        self._expect("]]" if of_array else "]")
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self._newest((*path, part))
        path = (*path, parts[-1])
        if of_array:
            self._record(path, start)
            self._table_counts[path] = self._table_counts.get(path, 0) + 1
        path = self._newest(path)
        self._record(path, start)
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        count = self._table_counts.get(path)
        return path if count is None else (*path, count - 1)

    def _pair(self, prefix: KeyPath) -> None:
        start = self._pos
        path = prefix
        for part in self._key():
            path = (*path, part)
            self._record(path, start)
        self._expect("=")
        self._take(_BLANK)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._pos : self._pos + 1]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in ("'", '"'):
            self._string()
        else:
            self._take(_PLAIN_VALUE)

    def _array(self, path: KeyPath) -> None:
        self._pos += 1
        self._take(_BLANK_LINES)
        index = 0
        while not self._text.startswith("]", self._pos):
            self._record((*path, index), self._pos)
            self._value((*path, index))
            index += 1
            self._next_item("]")
        self._pos += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._pos += 1
        self._take(_BLANK_LINES)
        while not self._text.startswith("}", self._pos):
            self._pair(path)
            self._next_item("}")
        self._pos += 1

    def _next_item(self, closing: str) -> None:
        self._take(_BLANK_LINES)
        if self._text.startswith(",", self._pos):
            self._pos += 1
            self._take(_BLANK_LINES)
        elif not self._text.startswith(closing, self._pos):
            raise ValueError("neither a comma nor an end")

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._take(_BLANK)
            if self._text[self._pos : self._pos + 1] in ("'", '"'):
                parts.append(str(tomllib.loads(f"key = {self._string()}")["key"]))
            else:
                bare = self._take(_BARE_KEY)
                if not bare:
                    raise ValueError("no key here")
                parts.append(bare)
            self._take(_BLANK)
            if not self._text.startswith(".", self._pos):
                return parts
            self._pos += 1

    def _string(self) -> str:
        for form in _STRINGS:
            match = form.match(self._text, self._pos)
            if match is not None:
                self._pos = match.end()
                return match.group()
        raise ValueError("no string here")

    def _expect(self, mark: str) -> None:
        self._take(_BLANK)
        if not self._text.startswith(mark, self._pos):
            raise ValueError(f"no {mark} here")
        self._pos += len(mark)

    def _take(self, form: re.Pattern[str]) -> str:
        match = form.match(self._text, self._pos)
        if match is None:
            return ""
        self._pos = match.end()
        return match.group()

    def _record(self, path: KeyPath, pos: int) -> None:
        self._lines.setdefault(path, bisect.bisect_left(self._line_ends, pos) + 1)
