"""The tables of docs/reference/battery-can.md, made from the profile files.

`python -m stallaini.devices.can_battery.reference docs/reference/battery-can.md` renews them in the page.
"""

from __future__ import annotations

from collections.abc import Iterator

from stallaini.devices import reference_page
from stallaini.devices.can_battery.detect import FALLBACK, signatures
from stallaini.devices.can_battery.profile import Layout, Profile, fields, load_profile, profile_names


def fill(page: str) -> str:
    """The page with its tables made anew. Raises ValueError when its marks are missing."""
    return reference_page.fill(page, "battery profiles", render())


def render() -> str:
    """The tables as Markdown: profiles, what each frame holds, detection, gates."""
    parts = [_profiles(), _frames(load_profile(FALLBACK), None)]
    parts += [
        _frames(load_profile(name), load_profile(FALLBACK)) for name in profile_names() if name != FALLBACK
    ]
    return "\n".join([*parts, _detection(), _gates()])


def _profiles() -> str:
    lines = ["### Profiles", "", "| profile | what it is | spoken by |", "|---|---|---|"]
    for name in profile_names():
        profile = load_profile(name)
        lines.append(f"| `{name}` | {profile.title} | {'; '.join(profile.spoken_by)} |")
    return "\n".join([*lines, ""])


def _frames(profile: Profile, base: Profile | None) -> str:
    """The frames of a profile; with a `base`, only those that differ from it."""
    title = f"### Frames of `{profile.name}`" + (", where they differ from `generic`" if base else "")
    lines = [title, ""]
    rows = []
    for can_id, layouts in sorted(profile.layouts.items()):
        if base is None or base.layouts.get(can_id) != layouts:
            rows += [
                f"| `0x{can_id:03X}` | {_title(one)} | {'; '.join(_contents(one)) or '-'} |"
                for one in layouts
            ]
    if not rows:
        return "\n".join([*lines, "None.", ""])
    return "\n".join([*lines, "| id | what | bytes: field |", "|---|---|---|", *rows, ""])


def _title(layout: Layout) -> str:
    if layout.when is None:
        return layout.title
    conditions = []
    if layout.when.hex:
        conditions.append(f"bytes from {layout.when.at} are `{layout.when.hex}`")
    if layout.when.printable is not None:
        conditions.append("all printable" if layout.when.printable else "not all printable")
    return f"{layout.title} (when {', '.join(conditions)})"


def _contents(layout: Layout) -> Iterator[str]:
    for number in layout.numbers:
        unit = fields()[number.field].unit
        scales = " or ".join(f"{scale:g}" for scale in number.scales)
        offset = f" {number.offset:+d}" if number.offset else ""
        fine = f", finer in {number.fine.at} when within {number.fine.within:g}" if number.fine else ""
        notes = (", size only" if number.absolute else "") + (", 0 = none" if number.zero_is_missing else "")
        notes += ", only beside a believed finer SOC" if number.beside_fine else ""
        yield f"{number.at}: `{number.field}` {number.type} x {scales}{offset} {unit}".rstrip() + fine + notes
    for flag in layout.flags:
        yield (
            f"{flag.at}.{flag.bit}: `{flag.field}`"
            if flag.on is None
            else f"{flag.at} = {flag.on:02X}: `{flag.field}`"
        )
    for states in layout.states:
        items = ", ".join(f"`{item}`" for item in states.items)
        yield f"{states.at}..: `{states.prefix}.` + {items}, two bits each"
    for text in layout.texts:
        yield f"{text.at}: text *{text.name}*"


def _detection() -> str:
    lines = ["### Detection: the first that fits", "", "| heard | profile |", "|---|---|"]
    for signature in signatures():
        lines.append(f"| {signature.reason()} | {_named(signature.profile)} |")
    return "\n".join([*lines, f"| anything else | `{FALLBACK}` |", ""])


def _named(profile: str) -> str:
    return f"`{profile}`" if profile in profile_names() else f"{profile}: named, read as `{FALLBACK}`"


def _gates() -> str:
    lines = ["### Gates", "", "| field | unit | lowest | highest |", "|---|---|---|---|"]
    profile = load_profile(FALLBACK)
    for field, quantity in fields().items():
        if quantity.name != "flag":
            low, high = profile.gate(field)
            lines.append(f"| `{field}` | {quantity.unit} | {low:g} | {high:g} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    reference_page.renew(fill)
