"""What people do on the pages beside the past: flow, loads, alarms, the site, settings, an invitation."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import PHONE, Visitor
from tests.web.contract_people import CODE
from tests.web.contract_server import COOKIE
from tests.web.made_house import MadeHouse
from tests.web.visit import Visit, drawn_width
from tests.web.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def world() -> World:
    """A whole house; anna administers it."""
    return World(house=MadeHouse(), login_required=True, role="admin")


def signed_in(visit: Visit) -> Visit:
    visit.page.context.add_cookies([{"name": COOKIE, "value": "1", "url": visit.url}])
    return visit


def flow(page: Page, place: str) -> str:
    return page.locator(f".flow-line[data-place={place}]").get_attribute("data-way") or ""


def test_the_picture_moves_the_way_the_energy_goes(visitor: Visitor, world: World) -> None:
    assert world.house is not None
    visit = signed_in(visitor())
    page = visit.open_live()
    expect(page.locator(".flow-spot[data-place=sun] .flow-value")).to_contain_text("1,860")
    assert [flow(page, place) for place in ("sun", "battery", "house", "generator")] == [
        "in",
        "out",
        "out",
        "none",
    ]
    expect(page.locator(".flow")).to_contain_text("Water heater")
    world.power_w = -900
    world.house.values.update({"solar.power": 0, "inverter.input_power": 2400})
    expect(page.locator(".flow-line[data-place=generator]")).to_have_attribute("data-way", "in")
    expect(page.locator(".flow-line[data-place=battery]")).to_have_attribute("data-way", "in")
    expect(page.locator(".flow-line[data-place=sun]")).to_have_attribute("data-moves", "false")
    expect(page.get_by_role("region", name="Energy now")).to_contain_text("Generator: 2,400\u00a0W")
    visit.shows_no_fault()


def test_an_old_picture_stands_still_and_so_does_one_for_those_who_wish_no_motion(
    visitor: Visitor, world: World
) -> None:
    still = signed_in(visitor(reduced_motion="reduce")).open_live()
    assert still.locator(".flow-dots").first.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    world.fall_silent(seconds_ago=400)
    page = signed_in(visitor(PHONE)).open()
    expect(page.locator(".flow-spot[data-place=sun]")).to_have_attribute("data-stale", "true")
    expect(page.locator(".flow-dots").first).to_be_hidden()
    expect(page.locator(".outlook")).to_have_text("\u00a0")


def test_the_battery_tells_about_when_it_will_be_empty(visitor: Visitor, world: World) -> None:
    # A day of 200 W out of 10 kWh: half a percent each quarter of an hour.
    minutes = len(world.soc_pct)
    world.history_w[:] = -200.0
    world.soc_pct[:] = np.clip(30 + (minutes - np.arange(minutes)) / 30, 0, 100)
    world.power_w = -190
    page = signed_in(visitor(PHONE)).open_live()
    expect(page.locator(".outlook")).to_have_text("Empty in about 15 h")
    world.power_w = -1500
    expect(page.locator(".outlook")).to_have_text("Empty in 2 h to 15 h")


def test_loads_tell_whether_they_run_or_that_nobody_knows(visitor: Visitor, world: World) -> None:
    assert world.house is not None
    visit = signed_in(visitor(PHONE))
    page = visit.open_live()
    page.get_by_role("link", name="Loads").click()
    pump = page.locator(".load", has_text="Well pump")
    expect(pump).to_contain_text("off")
    world.house.values["load.well_pump.power"] = 2090
    expect(pump).to_contain_text("2,090\u00a0W 95\u00a0% of its rated power")
    expect(page.locator(".load", has_text="Irrigation")).to_contain_text("not known")
    visit.shows_no_fault()


def test_a_load_is_run_only_after_a_second_press_and_its_way_is_told(visitor: Visitor, world: World) -> None:
    page = signed_in(visitor(PHONE)).open_live("page=loads")
    pump = page.locator(".load", has_text="Well pump")
    pump.get_by_role("button", name="Run").click()
    question = pump.get_by_role("group", name="Run Well pump? For how long?")
    expect(question).to_be_focused()
    question.get_by_role("button", name="No").click()
    assert world.commands == []
    pump.get_by_role("button", name="Run").click()
    question.get_by_role("button", name="1 hour").click()
    expect(pump.get_by_role("status")).to_contain_text("Run for 60 min, asked by anna")
    expect(pump.get_by_role("status")).to_contain_text("waits for the site to call")
    assert [(one["kind"], one["data"]) for one in world.commands] == [
        ("load.run", {"load": "well_pump", "minutes": 60})
    ]
    world.commands[0].update(state="refused", reason="the battery is low")
    expect(pump.get_by_role("status")).to_contain_text("the site refused")
    expect(pump.get_by_role("status")).to_contain_text("the battery is low")


def test_a_viewer_looks_at_loads_and_switches_none(visitor: Visitor, world: World) -> None:
    world.role = "viewer"
    page = signed_in(visitor(PHONE)).open_live("page=loads")
    expect(page.get_by_text("Your role lets you look")).to_be_visible()
    expect(page.locator(".load button")).to_have_count(0)


def test_an_alarm_is_seen_on_every_page_taken_care_of_and_silenced(visitor: Visitor, world: World) -> None:
    first, second = world.alarms.raise_("soc_very_low"), world.alarms.raise_("soc_low", ago_s=90)
    world.alarms.clear(world.alarms.raise_("generator_running", ago_s=9_000), ago_s=2_000)
    visit = signed_in(visitor(PHONE))
    page = visit.open_live()
    page.get_by_role("link", name=re.compile("Alarms.*2 open alarms")).click()
    expect(page.locator(".alarm h3")).to_have_text(["Battery nearly empty", "Battery low"])
    page.get_by_role("button", name=re.compile("I take care of it.*Battery nearly empty")).click()
    expect(page.locator(".alarm").first).to_contain_text("anna takes care of it")
    page.get_by_label("Silence for: Battery low").select_option("1 hour")
    expect(page.locator(".alarm").nth(1)).to_contain_text("Silent until")
    assert [world.alarms.find(each)["state"] for each in (first, second)] == ["acknowledged", "snoozed"]
    expect(page.locator(".alarms-past")).to_contain_text("Generator running")
    visit.shows_no_fault()


def test_a_viewer_sees_alarms_and_touches_none_and_quiet_is_said(visitor: Visitor, world: World) -> None:
    world.role = "viewer"
    id_ = world.alarms.raise_("soc_low")
    page = signed_in(visitor(locale="it-IT")).open_live("page=alarms")
    expect(page.locator(".alarm")).to_contain_text("Batteria bassa")
    expect(page.locator(".alarm button, .alarm select")).to_have_count(0)
    world.alarms.clear(id_)
    page.reload()
    expect(page.get_by_role("heading", name="Nessun allarme aperto")).to_be_visible()


def test_the_site_shows_its_diagram_and_its_devices(visitor: Visitor) -> None:
    visit = signed_in(visitor())
    page = visit.open_live("page=site")
    drawing = page.get_by_role("img", name="Single-line diagram of Stallaini")
    expect(drawing).to_be_visible()
    assert drawn_width(drawing) > 400
    expect(page.locator(".site-parts li", has_text="Solar charger")).to_contain_text("s ago")
    visit.shows_no_fault()


def test_many_sites_stand_in_a_list_with_their_state(visitor: Visitor, world: World) -> None:
    world.titles = {"casa": "Casa Rossa", "noto": "Noto"}
    page = signed_in(visitor(PHONE)).open_live()
    page.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Sites").click()
    expect(page.locator(".site-card")).to_have_count(2)
    page.get_by_role("link", name="Noto").click()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    assert "site=noto" in page.url
    page.go_back()
    expect(page.locator(".site-card")).to_have_count(2)


def test_an_admin_invites_changes_a_role_and_takes_an_invitation_back(visitor: Visitor, world: World) -> None:
    visit = signed_in(visitor())
    page = visit.open_live("page=settings")
    page.get_by_label("Role of nonna at Stallaini").select_option("Operator")
    people = page.get_by_role("region", name="Invite")
    people.get_by_label("Site").select_option("Stallaini")
    people.get_by_role("button", name="Invite").click()
    expect(people.locator("code")).to_have_text(f"{visit.url}/join#{CODE}")
    assert world.people.accounts[2]["roles"] == {"stallaini": "operator"}
    page.get_by_role("button", name="Remove bruno").click()
    page.get_by_role("button", name="Sure? bruno").click()
    expect(page.get_by_role("region", name="People").locator("li")).to_have_count(2)
    back = people.get_by_role("button", name="Take back")
    back.click()
    people.get_by_role("button", name="Sure?").click()
    expect(back).to_have_count(0)
    assert world.people.invitations[0]["state"] == "revoked"
    visit.shows_no_fault()


def test_own_things_token_session_password_contact_and_mute(visitor: Visitor, world: World) -> None:
    people = world.people
    visit = signed_in(visitor())
    page = visit.open_live("page=settings")
    tokens = page.get_by_role("region", name="Tokens for programs")
    tokens.get_by_label("What for").fill("grafana")
    tokens.get_by_role("button", name="Make a token").click()
    expect(tokens.locator("code")).to_contain_text("st_Xk3v9a")
    expect(tokens.locator("li")).to_contain_text("grafana")
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("region", name="Where you are signed in").locator("li")).to_have_count(1)
    account = page.get_by_role("region", name="Your account")
    account.get_by_label("Present password").fill("sole e mare")
    account.get_by_label("New password").fill("vento e sale")
    account.get_by_role("button", name="Change password").click()
    expect(account.get_by_role("status")).to_contain_text("is changed")
    page.get_by_label("ntfy topic").fill("casa-7")
    page.get_by_role("region", name="Notifications").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Silent for 1 hour").click()
    expect(page.get_by_text("Silent until")).to_be_visible()
    assert people.contact["ntfy"] == "casa-7"
    assert people.telling["mute_until"] is not None
    visit.shows_no_fault()


def test_a_wrong_present_password_is_told_in_the_servers_words(visitor: Visitor) -> None:
    page = signed_in(visitor(PHONE)).open_live("page=settings")
    page.get_by_label("Present password").fill("wrong")
    page.get_by_label("New password").fill("vento e sale")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert").first).to_contain_text("this is not your password")


def test_an_invitation_makes_an_account_and_an_old_one_is_told(visitor: Visitor, world: World) -> None:
    visit = visitor(PHONE)
    page = visit.page
    page.goto(f"{visit.url}/join#{CODE}")
    expect(page.get_by_text("As viewer of stallaini")).to_be_visible()
    page.get_by_label("Name").fill("carla")
    page.get_by_label("Password").fill("vento e sale")
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    assert world.people.accounts[-1]["name"] == "carla"
    old = visitor(PHONE)
    old.page.goto(f"{old.url}/join#old")
    expect(old.page.get_by_role("heading", name="does not hold")).to_be_visible()


def test_the_demo_has_no_account_to_set(visitor: Visitor, world: World) -> None:
    world.login_required = False
    page = visitor().open_live("page=settings")
    expect(page.get_by_text("This is the demo")).to_be_visible()
    expect(page.get_by_role("region")).to_have_count(1)
    page.get_by_role("button", name="Italiano").first.click()
    expect(page.get_by_role("heading", name="Opzioni")).to_be_visible()
