"""The command line as a newcomer meets it."""

from __future__ import annotations

import pytest

from stallaini.cli import VERBS, main


def test_overview_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    assert all(f"  {name} " in overview for name in VERBS)


def test_no_verb_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2


def test_unknown_verb_says_where_the_list_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "stallaini --help" in capsys.readouterr().err


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_helps_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"example: stallaini {name}" in capsys.readouterr().out
