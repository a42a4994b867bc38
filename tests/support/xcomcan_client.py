"""Runs the maker's own CAN client, as a program: questions as JSON lines on stdin, answers on stdout.

One question is [what, address, number, ...]; the answer is a number, or {"error": name}. The client's state
is global to its class and it finds its bus in the environment, hence a process of its own.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from stucancommon.node import Timeout  # type: ignore[import-untyped]
from xcomcan.client import StuCanPublicClient  # type: ignore[import-untyped]
from xcomcan.node import StuCanPublicError  # type: ignore[import-untyped]


def _ask(client: Any, what: str, *arguments: Any) -> Any:
    if what == "messages":
        return [[source, told.message_id, told.value] for source, told in client.messages()]
    ask = {"info": client.read_user_info, "read": client.read_parameter, "write": client.write_parameter}[
        what
    ]
    try:
        return ask(*arguments, timeout=5)
    except StuCanPublicError as error:
        return {"error": error.identifier, "code": error.error_code}
    except Timeout:
        return {"error": "TIMEOUT"}


def main() -> None:
    with StuCanPublicClient(int(sys.argv[1]), 500_000) as client:
        for line in sys.stdin:
            print(json.dumps(_ask(client, *json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
