"""What is shown as the present: values with their ages, and nothing old as live."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stallaini.link.messages import Live
from stallaini.server.live import Snapshot
from stallaini.server.now import ChannelNow, any_fresh, channels_now, newest_age_s, site_state
from stallaini.site.description import ChannelSpec, Description, SeriesSpec

NOON = 1_794_830_400
MINUTE = NOON // 60

SITE = Description(
    site="lab",
    title="Lab",
    timezone="UTC",
    latitude=None,
    longitude=None,
    devices=(),
    channels=(
        ChannelSpec("battery.soc", "soc", "%", 0.01, 5.0),
        ChannelSpec("battery.charge_enabled", "flag", "", 1, 5.0),
    ),
    series=(
        SeriesSpec("battery.soc.min", "battery.soc", "min", "%", 0.01),
        SeriesSpec("battery.soc.last", "battery.soc", "last", "%", 0.01),
        SeriesSpec("battery.charge_enabled.max", "battery.charge_enabled", "max", "", 1),
    ),
    loads=(),
)


def snapshot(*values: tuple[int, int] | None, at_s: int = NOON, received_s: float = 1000.0) -> Snapshot:
    return Snapshot(Live(at_s, values), SITE, received_s)


def now(
    live: Snapshot | None,
    latest: dict[str, tuple[int, int]] | None = None,
    later_s: float = 0.0,
    wall_step_s: float = 0.0,
) -> dict[str, ChannelNow]:
    shown = channels_now(SITE, live, latest or {}, 1000.0 + later_s, NOON + later_s + wall_step_s)
    return {channel.name: channel for channel in shown}


def test_a_live_value_is_fresh_until_the_link_has_been_quiet_for_two_live_intervals() -> None:
    live = snapshot((6240, 1), None)
    soc = now(live, later_s=2.0)["battery.soc"]
    assert soc == ChannelNow("battery.soc", 62.4, "%", 3.0, "fresh")
    assert now(live, later_s=12.0)["battery.soc"].quality == "fresh"
    assert now(live, later_s=12.1)["battery.soc"].quality == "stale"
    assert now(live, later_s=12.1)["battery.soc"].value == 62.4


def test_a_value_that_was_old_on_the_site_is_stale_however_fast_it_came() -> None:
    assert now(snapshot((6240, 5), None), later_s=0.0)["battery.soc"].quality == "fresh"
    assert now(snapshot((6240, 6), None), later_s=0.0)["battery.soc"].quality == "stale"


def test_flags_are_true_or_false_and_absent_when_not_reported() -> None:
    assert now(snapshot(None, (1, 0)))["battery.charge_enabled"].value is True
    assert now(snapshot(None, (0, 0)))["battery.charge_enabled"].value is False
    absent = now(snapshot((6240, 0), None))["battery.charge_enabled"]
    assert absent == ChannelNow("battery.charge_enabled", None, "", None, "absent")


def test_a_message_delayed_on_the_way_is_as_old_as_the_sites_clock_says() -> None:
    delayed = snapshot((6240, 0), None, at_s=NOON - 40)
    assert now(delayed)["battery.soc"].age_s == 40.0
    assert now(delayed)["battery.soc"].quality == "stale"


def test_a_site_whose_clock_is_ahead_or_unknown_is_aged_from_its_arrival() -> None:
    assert now(snapshot((6240, 0), None, at_s=NOON + 3600), later_s=3)["battery.soc"].age_s == 3.0
    assert now(snapshot((6240, 0), None, at_s=0), later_s=3)["battery.soc"].age_s == 3.0


def test_a_step_back_of_the_servers_clock_does_not_make_old_values_young() -> None:
    assert now(snapshot((6240, 0), None), later_s=60, wall_step_s=-3600)["battery.soc"].age_s == 60.0


def test_a_value_known_only_from_a_minute_is_stale_even_when_that_minute_just_ended() -> None:
    soc = now(None, {"battery.soc.last": (MINUTE - 1, 6100), "battery.soc.min": (MINUTE - 1, 6000)})
    assert soc["battery.soc"] == ChannelNow("battery.soc", 61.0, "%", 0.0, "stale")


def test_the_newer_of_live_value_and_minute_is_shown() -> None:
    live = snapshot((6240, 0), None)
    newer = {"battery.soc.last": (MINUTE + 9, 5000)}
    assert now(live, {"battery.soc.last": (MINUTE - 5, 5000)})["battery.soc"].value == 62.4
    assert now(live, newer, later_s=660)["battery.soc"].value == 50.0


def test_what_the_newer_live_message_no_longer_reports_is_absent_not_an_old_minutes_value() -> None:
    latest = {"battery.charge_enabled.max": (MINUTE - 5, 1)}
    assert now(snapshot((6240, 0), None), latest)["battery.charge_enabled"].quality == "absent"
    # ... and a minute newer than that message brings it back.
    latest = {"battery.charge_enabled.max": (MINUTE + 9, 1)}
    assert now(snapshot((6240, 0), None), latest, later_s=660)["battery.charge_enabled"].value is True


def test_states_follow_what_was_last_heard() -> None:
    assert site_state(fresh=True, heard_s=NOON, wall_s=NOON) == "live"
    assert site_state(fresh=False, heard_s=NOON - 300, wall_s=NOON) == "late"
    assert site_state(fresh=False, heard_s=NOON - 301, wall_s=NOON) == "silent"
    assert site_state(fresh=False, heard_s=None, wall_s=NOON) == "never"


def test_a_site_is_fresh_while_one_channel_is() -> None:
    assert any_fresh(snapshot((6240, 900), (1, 0)), 1000.0, NOON)
    assert not any_fresh(snapshot((6240, 900), (1, 6)), 1000.0, NOON)
    assert not any_fresh(None, 1000.0, NOON)


def test_the_newest_age_ignores_absent_channels() -> None:
    assert newest_age_s(now(snapshot((6240, 4), None)).values()) == 4.0
    assert newest_age_s(now(None).values()) is None


@given(
    value_age_s=st.integers(0, 10_000),
    since_s=st.floats(0, 10_000),
    at_offset_s=st.integers(-10_000, 10_000),
    minute_age=st.none() | st.integers(0, 10_000),
)
def test_neither_an_old_value_nor_an_old_message_is_ever_fresh(
    value_age_s: int, since_s: float, at_offset_s: int, minute_age: int | None
) -> None:
    live = snapshot((6240, value_age_s), None, at_s=NOON + at_offset_s)
    latest = {} if minute_age is None else {"battery.soc.last": (MINUTE - minute_age, 5000)}
    soc = now(live, latest, later_s=since_s)["battery.soc"]
    if soc.quality == "fresh":
        assert value_age_s <= 5.0
        assert since_s <= 12.0
    assert soc.age_s is not None
    assert soc.age_s >= 0


def test_the_number_of_a_state_comes_with_its_word_from_a_minute_too() -> None:
    mode = ChannelSpec("solar.mode", "state", "", 1, 35.0, ((0, "night"), (9, "curtailed: voltage")))
    site = msgspec.structs.replace(
        SITE, channels=(mode,), series=(SeriesSpec("solar.mode.last", "solar.mode", "last", "", 1),)
    )
    (live,) = channels_now(site, Snapshot(Live(NOON, ((9, 20),)), site, 1000.0), {}, 1000.0, NOON)
    assert (live.value, live.text, live.quality) == (9, "curtailed: voltage", "fresh")
    (stored,) = channels_now(site, None, {"solar.mode.last": (MINUTE, 4)}, 1000.0, NOON + 60)
    assert (stored.value, stored.text, stored.quality) == (4, "unknown (4)", "stale")
    (absent,) = channels_now(site, None, {}, 1000.0, NOON)
    assert absent.text is None


def test_what_a_slow_device_said_stays_live_when_a_minute_ends() -> None:
    slow = ChannelSpec("solar.power", "power", "W", 1, 35.0)
    series = SeriesSpec("solar.power.mean", "solar.power", "mean", "W", 1)
    site = msgspec.structs.replace(SITE, channels=(slow,), series=(series,))
    live = Snapshot(Live(NOON, ((900, 30),)), site, 1000.0)
    (shown,) = channels_now(site, live, {"solar.power.mean": (MINUTE - 1, 800)}, 1001.0, NOON + 1)
    assert (shown.value, shown.age_s, shown.quality) == (900, 31.0, "fresh")
    late = Snapshot(Live(NOON, ((900, 40),)), site, 1000.0)
    (shown,) = channels_now(site, late, {"solar.power.mean": (MINUTE - 1, 800)}, 1001.0, NOON + 1)
    assert (shown.value, shown.age_s, shown.quality) == (800, 1.0, "stale")
