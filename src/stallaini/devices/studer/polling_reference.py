"""The tables of docs/reference/studer-polling.md, made from the `polling.toml` files.

`python -m stallaini.devices.studer.polling_reference PAGE` renews them in the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from stallaini.devices import reference_page
from stallaini.devices.catalogue import load_kinds
from stallaini.devices.studer.device import KINDS, StuderDevice
from stallaini.devices.studer.objects import info_at
from stallaini.devices.studer.polling import Poll, load_polling
from stallaini.site.quantities import QUANTITIES

_HEADS = ("info", "the maker's name", "channel", "kept as", "each", "believed", "a leap")


def fill(page: str) -> str:
    """The page with its tables made anew. Raises ValueError when its marks are missing."""
    return reference_page.fill(page, "studer polling", render())


def render() -> str:
    """One table for each kind of device, as Markdown."""
    return "\n".join(line for kind in KINDS for line in _table(kind))


def _table(kind: str) -> Iterator[str]:
    address = next(key.default for key in load_kinds()[kind].settings if key.name == "address")
    device = StuderDevice("it", kind, {"address": int(address or 0)})
    units = {channel.field: QUANTITIES[channel.quantity].unit for channel in load_kinds()[kind].channels}
    yield f"### `{kind}`"
    yield ""
    yield "| " + " | ".join(_HEADS) + " |"
    yield "|" + "---|" * len(_HEADS)
    for poll in load_polling(kind).polls:
        yield "| " + " | ".join(_cells(poll, device.address, units[poll.field])) + " |"
    yield ""


def _cells(poll: Poll, address: int, unit: str) -> tuple[str, ...]:
    known = info_at(address, poll.nr)
    spaced = f" {unit}" if unit else ""
    one_of = ", ".join(known.options[number] for number in poll.one_of)
    least, most = ("" if math.isinf(bound) else f"{bound:g}" for bound in (poll.low, poll.high))
    believed = f"{least or '...'} to {most or '...'}{spaced}" if least or most else ""
    return (
        str(poll.nr),
        known.name,
        f"`{poll.field}`" + (f": is it {one_of}?" if one_of else ""),
        f"the minute's {poll.aggregate}" if poll.aggregate else "",
        f"{poll.every_s:g} s",
        believed,
        "" if math.isinf(poll.jump) else f"{poll.jump:g}{spaced}",
    )


if __name__ == "__main__":
    reference_page.renew(fill)
