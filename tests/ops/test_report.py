"""Figures as a bench prints them."""

from __future__ import annotations

import json

from stallaini.ops.bench.report import Figure, as_json, as_text

BYTES = Figure("bytes a minute", 105.0, "B", 3150.0, "HTTPS")
RATE = Figure("minutes a second", 9000.0, "/s", 3000.0, "one by one", more_is_better=True)
ALONE = Figure("processor", 0.05, "%", note="idle")


def test_the_ratio_says_how_much_better() -> None:
    assert BYTES.ratio == 30.0
    assert RATE.ratio == 3.0
    assert ALONE.ratio is None


def test_text_shows_figure_and_peer_side_by_side() -> None:
    text = as_text("quick", [BYTES, RATE, ALONE])
    assert "105.0  B   | HTTPS: 3,150 B (30.0 times better)" in text
    assert text.splitlines()[-1].endswith("[idle]")


def test_json_holds_every_figure() -> None:
    figures = json.loads(as_json("quick", [BYTES, ALONE]))["figures"]
    assert [(figure["name"], figure["ratio"]) for figure in figures] == [
        ("bytes a minute", 30.0),
        ("processor", None),
    ]
