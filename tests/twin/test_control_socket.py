"""Talking to a running twin."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.twin_on_wires import wired

from stallaini.errors import OperatorError
from stallaini.twin.control_socket import ControlSocket, ask


def _echo(words: Sequence[str]) -> dict[str, Any]:
    if words == ["no"]:
        raise OperatorError("not that")
    return {"heard": list(words)}


async def test_a_line_gets_an_answer_and_a_refusal_is_an_error(tmp_path: Path) -> None:
    control = ControlSocket(tmp_path / "c", _echo)
    await control.start()
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o600
    assert await asyncio.to_thread(ask, tmp_path / "c", ["a", "b=1"]) == {"heard": ["a", "b=1"]}
    with pytest.raises(OperatorError, match="not that"):
        await asyncio.to_thread(ask, tmp_path / "c", ["no"])
    await control.close()
    assert not (tmp_path / "c").exists()


async def test_a_socket_in_use_is_left_alone_and_a_dead_one_replaced(tmp_path: Path) -> None:
    first = ControlSocket(tmp_path / "c", _echo)
    await first.start()
    with pytest.raises(OperatorError, match="already listens"):
        await ControlSocket(tmp_path / "c", _echo).start()
    await first.close()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "c"))
    again = ControlSocket(tmp_path / "c", _echo)
    await again.start()
    await again.close()


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="stallaini twin"):
        ask(tmp_path / "absent", ["faults"])


async def test_orders_of_a_twin(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        assert await twin.order("faults") == {"standing": {}}
        assert await twin.order("fault dry-well for=60") == {"standing": {"dry-well": 60.0}}
        assert await twin.order("fault frozen-values") == {
            "standing": {"dry-well": 60.0, "frozen-values": None}
        }
        assert await twin.order("end dry-well") == {"standing": {"frozen-values": None}}
        await twin.seconds(1)
        state = await twin.order("state")
        assert state["bms"]["soc_pct"] == pytest.approx(72, abs=1)
        for wrong in (
            "dance",
            "fault",
            "end",
            "fault dry-well for=ever",
            "fault dry-well 7",
            "end everything",
        ):
            assert "error" in await twin.order(wrong)
