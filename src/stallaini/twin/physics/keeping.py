"""A house put away and lived on with by another program: same weather, same people, same counters."""

from __future__ import annotations

import pickle
from pathlib import Path

from stallaini.errors import OperatorError
from stallaini.twin.physics.house import House


def keep_house(house: House, path: Path) -> None:
    """Write the house as it is."""
    path.write_bytes(pickle.dumps(house))


def kept_house(path: Path) -> House:
    """The house that was put away there. Such a file is code: read only what this machine wrote.

    Raises OperatorError when it is none, or one of another version.
    """
    try:
        house = pickle.loads(path.read_bytes())
    except Exception as error:
        raise OperatorError(f"{path} holds no house of this version: {error}; make it anew") from error
    if not isinstance(house, House):
        raise OperatorError(f"{path} holds no house; make it anew")
    return house
