"""Whatever bytes come: no exception, and no value outside its gate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_battery.decode import Decoder
from stallaini.devices.can_battery.profile import Profile, fields, load_profile, profile_names
from stallaini.devices.can_bus.frame import Frame

PROFILES = [load_profile(name) for name in profile_names()]
KNOWN_IDS = sorted({can_id for profile in PROFILES for can_id in profile.layouts})

ids = st.one_of(st.sampled_from(KNOWN_IDS), st.integers(0, 0x7FF))
payloads = st.binary(max_size=8)


def assert_inside_gates(profile: Profile, prefix: str, readings: dict[str, float | bool | None]) -> None:
    for name, value in readings.items():
        field = name.removeprefix(prefix)
        if fields()[field].name == "flag":
            assert value in (True, False, None)
        elif value is not None:
            low, high = profile.gate(field)
            assert low <= value <= high
            steps = value / fields()[field].resolution
            assert abs(steps - round(steps)) < 1e-4


@given(st.sampled_from(PROFILES), ids, st.binary(max_size=64))
def test_any_bytes_on_any_id_decode(profile: Profile, can_id: int, data: bytes) -> None:
    decoded = Decoder(profile).decode(can_id, data)
    assert_inside_gates(profile, "battery.", decoded.readings)
    assert all(text and text.isprintable() for text in decoded.texts.values())
    assert not decoded.readings.keys() & decoded.rejected.keys()


@given(st.sampled_from(PROFILES), st.lists(st.tuples(ids, payloads), max_size=30))
def test_the_memory_of_equal_frames_changes_nothing(
    profile: Profile, frames: list[tuple[int, bytes]]
) -> None:
    once = Decoder(profile)
    first = [once.decode(can_id, data) for can_id, data in frames]
    highest = once.decode(0, b"")  # an id nobody uses: no effect
    assert highest.readings == {}
    for (can_id, data), decoded in zip(frames, first, strict=True):
        fresh = Decoder(profile).decode(can_id, data)
        assert decoded.readings.items() <= fresh.readings.items()


frame_lists = st.lists(
    st.builds(
        Frame,
        id=ids,
        data=payloads,
        monotonic_s=st.floats(0, 1000),
        wall_s=st.none(),
        extended=st.booleans(),
        remote=st.booleans(),
        error=st.booleans(),
    ),
    max_size=60,
)


@given(st.sampled_from(["auto", *profile_names()]), frame_lists)
def test_a_battery_survives_any_traffic(profile: str, frames: list[Frame]) -> None:
    battery = CanBattery("b", profile)
    for frame in sorted(frames, key=lambda frame: frame.monotonic_s):
        for reading in battery.feed(frame):
            assert reading.channel.removeprefix("b.") in fields()
            assert reading.monotonic_s == frame.monotonic_s
            assert (frame.error, frame.extended, frame.remote) == (False, False, False)
    battery.poll(2000)
