"""A site's own minute model, from the files where each end looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stallaini.errors import OperatorError
from stallaini.link import model_slots as slots
from stallaini.link.model import Model
from stallaini.link.model_files import MODELS_FOLDER, SITE_MODEL, read_models, read_site_model

OWN = Model({"*": {slots.GONE: 60_000}})


def test_an_edge_without_a_model_of_its_own_has_none(tmp_path: Path) -> None:
    assert read_site_model(tmp_path) is None
    assert read_models(tmp_path) == []


def test_both_ends_read_the_same_model(tmp_path: Path) -> None:
    (tmp_path / SITE_MODEL).write_bytes(OWN.encode())
    (tmp_path / MODELS_FOLDER).mkdir()
    (tmp_path / MODELS_FOLDER / "noto.json").write_bytes(OWN.encode())
    found = read_site_model(tmp_path)
    assert found is not None
    assert [found.id, *(model.id for model in read_models(tmp_path))] == [OWN.id, OWN.id]


def test_a_file_that_is_no_model_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / SITE_MODEL).write_text("{}")
    with pytest.raises(OperatorError, match=r"model\.json: .*codec train.*or remove the file"):
        read_site_model(tmp_path)
