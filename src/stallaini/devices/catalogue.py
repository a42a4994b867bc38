"""The device kinds this install knows: every `devices/*/manifest.toml`, read as package data."""

from __future__ import annotations

from importlib import resources

from stallaini.site.kinds import DeviceKind, parse_manifest


def load_kinds() -> dict[str, DeviceKind]:
    """Kinds by name. Raises ValueError naming the manifest that is wrong."""
    kinds: dict[str, DeviceKind] = {}
    folders = sorted(resources.files("stallaini.devices").iterdir(), key=lambda folder: folder.name)
    for folder in folders:
        manifest = folder / "manifest.toml"
        if not manifest.is_file():
            continue
        try:
            kind = parse_manifest(manifest.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"devices/{folder.name}/manifest.toml: {error}") from error
        kinds[kind.name] = kind
    return kinds
