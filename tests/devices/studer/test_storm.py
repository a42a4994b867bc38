"""A hundred thousand exchanges over a line that damages, delays, loses, splits and merges: no wrong value."""

from __future__ import annotations

from tests.support.studer_storm import Storm

from stallaini.devices.studer.frame import Frame, FrameReader, encode_frame

EXCHANGES = 100_000


async def test_no_wrong_value_is_ever_delivered() -> None:
    storm = Storm(seed=20250218)
    while storm.port.requests < EXCHANGES:
        await storm.run(1000)
    assert storm.wrong == []
    asked = storm.outcomes.total()
    assert storm.outcomes["right"] > 0.97 * asked, storm.outcomes
    assert set(storm.outcomes) <= {"right", "silent"}, storm.outcomes
    assert min(storm.port.misfortunes.values()) > EXCHANGES // 200, storm.port.misfortunes
    assert len(storm.port.misfortunes) == 8


def test_what_the_checksums_cannot_see() -> None:
    """Two flipped top bits at an even distance: the reason for asking twice where a line is bad."""
    true = Frame(0, 101, 1, bytes.fromhex("02010100b80b0000010000005542"))  # 53.25 V
    damaged = bytearray(encode_frame(true))
    damaged[14 + 11] ^= 0x80
    damaged[14 + 13] ^= 0x80
    (frame,) = FrameReader().feed(bytes(damaged))
    assert frame.data[-4:] != true.data[-4:]
