"""Where the minute models of sites' own lie at both ends."""

from __future__ import annotations

from pathlib import Path

from stallaini.errors import OperatorError
from stallaini.link.model import Model, ModelError, decode_model

SITE_MODEL = "model.json"
"""In the edge's data folder: the model this site's minutes are coded by."""
MODELS_FOLDER = "models"
"""In the server's data folder: the models of all sites that have one, any file name."""


def read_site_model(data_dir: Path) -> Model | None:
    """The site's own model, if there is one. Raises OperatorError for a file that is none."""
    file = data_dir / SITE_MODEL
    return _read(file) if file.exists() else None


def read_models(data_dir: Path) -> list[Model]:
    """All models of a server. Raises OperatorError for a file that is none."""
    return [_read(file) for file in sorted((data_dir / MODELS_FOLDER).glob("*.json"))]


def _read(file: Path) -> Model:
    try:
        return decode_model(file.read_bytes())
    except (OSError, ModelError) as error:
        raise OperatorError(
            f"{file}: {error}; make one with `stallaini codec train`, or remove the file"
        ) from error
