"""The gateway in the edge: polls a Studer system and outlives whatever its wire does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.support.studer_site import NAN, XTENDER, StuderSite, stale_after_s

from stallaini.devices.studer.gateway import LAST_REST_S, Link
from stallaini.devices.studer.messages import StoredMessage

FOUND, MESSAGE, LOST, HEARD = "studer.found", "studer.message", "studer.lost", "studer.heard"


@pytest.fixture
def site() -> StuderSite:
    return StuderSite()


async def test_every_channel_has_a_value_within_seconds(site: StuderSite) -> None:
    await site.run(20)
    assert site.newest("inverter.ac_power") == 640
    assert site.newest("inverter.ac_power", "mean") == 650
    assert site.newest("inverter.ac_power", "max") == 1600
    assert site.newest("inverter.aux2") is True
    assert site.newest("inverter.battery_temperature") is None
    assert site.newest("solar.mode") == 9
    assert site.newest("solar.curtailed") is True
    assert site.newest("solar.energy_total") == 12_500
    assert site.newest("cells.soc") == 87
    assert site.newest("xcom.link") == Link.ANSWERING


@pytest.mark.parametrize("multi_info", [True, False])
async def test_nothing_is_ever_stale_while_the_gateway_answers(multi_info: bool) -> None:
    site = StuderSite(multi_info=multi_info)
    await site.run(20)
    for _ in range(100):
        await site.run(13)
        for device in site.devices:
            for poll in device.polling.polls:
                if poll.aggregate is None and poll.nr != 3079:
                    limit_s = stale_after_s(device.kind, poll.field)
                    assert site.age_s(f"{device.name}.{poll.field}") < limit_s


async def test_each_minute_has_the_devices_own_aggregates_once(site: StuderSite) -> None:
    await site.run(60 - site.clock.wall_s() % 60)
    site.readings.clear()
    await site.run(30 * 60)
    assert site.counted("inverter.ac_power", "mean") == 30
    assert site.counted("solar.power", "mean") == 30


async def test_many_values_go_in_few_questions(site: StuderSite) -> None:
    await site.run(300)
    site.port.sent.clear()
    await site.run(600)
    assert len(site.port.sent) <= 200 + 40


async def test_what_a_device_does_not_know_is_asked_once(site: StuderSite) -> None:
    await site.run(600)
    assert site.asked(3079) == 1


async def test_every_device_found_is_told_once_and_one_not_in_the_file_too(
    tmp_path: Path, site: StuderSite
) -> None:
    site = StuderSite(memory=tmp_path / "memory.json")
    site.plant.infos[102] = {**XTENDER, 3157: 0x20}
    await site.run(900)
    found = {str(data["address"]): data for data in site.told(FOUND)}
    assert len(site.told(FOUND)) == 4
    assert found["101"] == {
        "device": "inverter", "address": 101, "kind": "studer_xtender", "type": "XTM",
        "software": "1.6.30", "serial": "1234ABCD",
    }  # fmt: skip
    assert found["102"]["device"] is None
    assert "site file" in str(found["102"]["advice"])
    assert found["301"]["type"] == "VT-65"
    assert found["601"]["type"] == "Pylontech"
    again = StuderSite(memory=tmp_path / "memory.json")
    again.plant.infos[102] = {**XTENDER, 3157: 0x20}
    again.plant.infos[301][11051] = 0x0620
    await again.run(900)
    assert [data["address"] for data in again.told(FOUND)] == [301]


async def test_messages_are_told_once_oldest_first_over_a_restart_too(tmp_path: Path) -> None:
    site = StuderSite(memory=tmp_path / "memory.json")
    low = StoredMessage(0, 101, 1_790_000_000, 0)
    lost = StoredMessage(225, 601, 1_790_000_100, 0)
    odd = StoredMessage(999, 117, 1_790_000_200, 0)
    site.plant.stored = [lost, low]
    await site.run(60)
    assert [data["number"] for data in site.told(MESSAGE)] == [0, 225]
    assert site.told(MESSAGE)[0] == {
        "device": "inverter", "number": 0, "text": "Battery low", "severity": "warning",
        "at": "2026-09-21 14:13:20",
    }  # fmt: skip
    site.plant.stored = [odd, lost, low]
    await site.run(60)
    assert [data["number"] for data in site.told(MESSAGE)] == [0, 225, 999]
    assert site.told(MESSAGE)[2]["device"] == "117"
    again = StuderSite(memory=tmp_path / "memory.json")
    again.plant.stored = [odd, lost, low]
    await again.run(60)
    assert again.told(MESSAGE) == []


async def test_nothing_is_asked_about_messages_while_there_is_no_news(site: StuderSite) -> None:
    await site.run(600)
    assert not [request for request in site.port.sent if request.object_type == 3]


async def test_unplugged_is_told_once_and_heard_again_once(site: StuderSite) -> None:
    await site.run(60)
    site.port.lost = True
    await site.run(3600)
    (lost,) = site.told(LOST)
    assert (lost["device"], lost["reason"]) == ("xcom", "unplugged")
    assert site.newest("xcom.link") == Link.SILENT
    site.port.lost = False
    await site.run(LAST_REST_S + 20)
    (heard,) = site.told(HEARD)
    assert (heard["device"], int(heard["silent_s"] or 0) // 60) == ("xcom", 60)
    assert site.age_s("inverter.ac_power") < 20


async def test_a_short_outage_is_not_worth_telling(site: StuderSite) -> None:
    await site.run(60)
    for _ in range(5):
        site.port.lost = True
        await site.run(15)
        site.port.lost = False
        await site.run(60)
    assert site.told(LOST) == []


async def test_garbage_alone_is_silence(site: StuderSite) -> None:
    await site.run(60)
    before = len(site.readings)
    site.port.respond = lambda data: b"\xaa\x00\x01" * 40
    await site.run(300)
    assert {one.channel for one in site.readings[before:]} == {"xcom.link"}
    assert [data["device"] for data in site.told(LOST)] == ["xcom"]
    site.port.respond = site.gateway.feed
    await site.run(60)
    assert [data["device"] for data in site.told(HEARD)] == ["xcom"]


async def test_a_bad_line_gives_fewer_values_and_no_wrong_one(site: StuderSite) -> None:
    await site.run(60)
    true = {(one.channel, one.aggregate): one.value for one in site.readings if one.channel != "xcom.link"}
    chance = random.Random(5)

    def damaged(data: bytes) -> bytes:
        answer = bytearray(site.gateway.feed(data))
        for _ in range(chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 3))):
            if answer:
                answer[chance.randrange(len(answer))] = chance.randrange(256)
        return bytes(answer[chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 2)) :])

    site.port.respond = damaged
    site.readings.clear()
    await site.run(1800)
    assert len(site.readings) > 1000
    for one in site.readings:
        assert one.channel == "xcom.link" or one.value == true[one.channel, one.aggregate], one
    assert site.told(LOST) == []


async def test_a_gateway_busy_for_a_moment_each_night_is_waited_for(site: StuderSite) -> None:
    await site.run(60)
    site.gateway.faults.busy_until_s = site.clock.wall_s() + 30
    await site.run(60)
    assert [one.value for one in site.readings if one.channel == "xcom.link"].count(Link.BUSY) == 1
    assert site.newest("xcom.link") == Link.ANSWERING
    assert site.age_s("inverter.ac_power") < 20
    assert site.told(LOST) == []


async def test_one_device_that_drops_off_is_lost_alone(site: StuderSite) -> None:
    await site.run(60)
    gone = site.plant.infos.pop(301)
    await site.run(300)
    assert [data["device"] for data in site.told(LOST)] == ["solar"]
    assert site.age_s("inverter.ac_power") < 20
    assert site.age_s("solar.power") > 250
    site.plant.infos[301] = gone
    await site.run(60)
    assert [data["device"] for data in site.told(HEARD)] == ["solar"]


async def test_a_device_that_is_not_there_from_the_start_is_lost_too(site: StuderSite) -> None:
    del site.plant.infos[601]
    await site.run(120)
    assert [data["device"] for data in site.told(LOST)] == ["cells"]


async def test_a_gateway_that_never_answered_is_lost_and_its_devices_are_not_counted(
    site: StuderSite,
) -> None:
    site.gateway.faults.mute = True
    await site.run(600)
    assert [data["device"] for data in site.told(LOST)] == ["xcom"]
    site.gateway.faults.mute = False
    await site.run(120)
    assert [data["device"] for data in site.told(HEARD)] == ["xcom"]
    assert len(site.told(LOST)) == 1


async def test_a_wild_value_is_not_believed_and_a_true_leap_is_within_seconds(site: StuderSite) -> None:
    await site.run(60)
    site.plant.infos[601][7002] = 22
    site.readings.clear()
    await site.run(9)
    site.plant.infos[601][7002] = 86
    await site.run(30)
    assert {one.value for one in site.readings if one.channel == "cells.soc"} <= {86.0, 87.0, 22.0}
    site.plant.infos[601][7002] = 40
    await site.run(14)
    assert site.newest("cells.soc") == 40


async def test_what_is_not_reported_is_absent(site: StuderSite) -> None:
    await site.run(60)
    site.plant.infos[601][7002] = NAN
    await site.run(12)
    assert site.newest("cells.soc") is None


async def test_a_message_sent_unasked_is_told_without_a_time(site: StuderSite) -> None:
    site.studer.hear_message(StoredMessage(225, 601, None, 0))
    (told,) = site.told(MESSAGE)
    assert (told["device"], told["number"], "at" in told) == ("cells", 225, False)


async def test_devices_are_not_lost_while_the_gateway_took_long_to_come(site: StuderSite) -> None:
    site.clock.advance(300)
    await site.run(60)
    assert [data["device"] for data in site.told(LOST)] in ([], ["xcom"])
    assert not {"inverter", "solar", "cells"} & {str(data["device"]) for data in site.told(LOST)}
