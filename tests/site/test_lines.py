"""The line of every key, in every form TOML allows."""

from __future__ import annotations

import tomllib

import pytest

from stallaini.site.lines import KeyPath, LineIndex

TEXT = '''# a comment with [brackets] and = signs
top = 1

[site]           # table
name = "a # b"
"quoted key" = 'x'
'single' = """
[not.a.table]
key = 5 \\""" still text
"""
dotted.inner.deep = 5
"dotted"."other" = '''
TEXT += """'''
many
lines'''
list = [ # comment ]
  "one", "two",

  ["three", 'four'],
]
inline = { a = 1, b = { c = "}" }, "d" = [1, 2] }

[ devices . "big battery" ]
kind = "x"

[[points]]
x = 1
[[points]]
x = 2
  [points.more]
  y = 3
[[points.inner]]
z = 4
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("site",), 4),
        (("site", "name"), 5),
        (("site", "quoted key"), 6),
        (("site", "single"), 7),
        (("site", "dotted", "inner", "deep"), 11),
        (("site", "dotted", "other"), 12),
        (("site", "list"), 15),
        (("site", "list", 1), 16),
        (("site", "list", 2), 18),
        (("site", "list", 2, 1), 18),
        (("site", "inline", "b", "c"), 20),
        (("devices", "big battery"), 22),
        (("devices", "big battery", "kind"), 23),
        (("points", 0, "x"), 26),
        (("points", 1), 27),
        (("points", 1, "x"), 28),
        (("points", 1, "more", "y"), 30),
        (("points", 1, "inner", 0, "z"), 32),
    ],
)
def test_a_key_is_found_where_it_stands(path: KeyPath, line: int) -> None:
    tomllib.loads(TEXT)
    assert LineIndex(TEXT).line(path) == line


def test_a_key_that_is_not_there_gets_the_line_of_its_table() -> None:
    index = LineIndex(TEXT)
    assert index.line(("site", "absent")) == 4
    assert index.line(("absent",)) == 1


def test_a_text_that_is_no_toml_does_not_stop_it() -> None:
    assert LineIndex('a = 1\nb = "unclosed\n]]').line(("a",)) == 1
