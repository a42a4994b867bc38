import assert from "node:assert/strict";
import { test } from "node:test";

import { backOffS } from "../api/live.ts";
import type { Channel, Now, Site } from "../api/types.ts";
import { aged, elapsedS, liveness, type Heard } from "./age.ts";
import { batteries, chartChannels, flowOf, raisedFlags } from "./battery.ts";
import { carded } from "./devices.ts";
import { emptyRuns, nights, sunHeightDeg } from "./runs.ts";
import { dayOf, knownZone, wallTicks } from "./zone.ts";

const unixS = (iso: string): number => Date.parse(iso) / 1000;
const iso = (at: number): string => new Date(at * 1000).toISOString().slice(0, 16);

const soc: Channel = { name: "battery.soc", quantity: "soc", unit: "%", stale_after_s: 5 };

function nowWith(channels: Now["channels"], ageS: number | null = 1): Now {
  return { site: "noto", at: "2026-11-23T08:00:00Z", state: "live", age_s: ageS, channels };
}

function siteWith(...names: string[]): Site {
  const channels = names.map((name) => ({ ...soc, name }));
  const series = names.map((name) => ({ name: `${name}.mean`, channel: name, aggregate: "mean", unit: "" }));
  const devices = [{ name: "battery", kind: "can_battery", title: "Battery" }];
  return { site: "noto", title: "Noto", timezone: "Europe/Rome", latitude: null, longitude: null, devices, channels, series, loads: [] };
}

test("a value turns stale by itself while nothing arrives", () => {
  const given = { value: 62, unit: "%", age_s: 1, quality: "fresh" } as const;
  assert.equal(aged(given, soc, 10.9).quality, "fresh");
  assert.equal(aged(given, soc, 11.1).quality, "stale");
  assert.equal(aged(given, soc, 11.1).value, 62);
});

test("a value of a device that is asked once a minute may be old, but does not outlive the link", () => {
  const given = { value: 9, unit: "", age_s: 50, quality: "fresh", text: "curtailed: voltage" } as const;
  const slow = { ...soc, stale_after_s: 150 };
  assert.equal(aged(given, slow, 11).quality, "fresh");
  assert.equal(aged(given, slow, 12.1).quality, "stale");
  assert.equal(aged(given, slow, 0).text, "curtailed: voltage");
});

test("a value the server calls stale never turns fresh", () => {
  assert.equal(aged({ value: 62, unit: "%", age_s: 1, quality: "stale" }, soc, 0).quality, "stale");
});

test("a value without an age, or of an unknown channel, is not live", () => {
  assert.equal(aged({ value: 62, unit: "%", age_s: null, quality: "fresh" }, soc, 0).quality, "stale");
  assert.equal(aged({ value: 62, unit: "%", age_s: 0.1, quality: "fresh" }, undefined, 0).quality, "stale");
  assert.equal(aged({ value: null, unit: "%", age_s: null, quality: "absent" }, soc, 0).quality, "absent");
});

test("sleeping phones and clocks set back do not rejuvenate values", () => {
  const heard: Heard = { now: nowWith({}), steadyMs: 1000, wallMs: 500_000 };
  assert.equal(elapsedS(heard, 2000, 620_000), 120);
  assert.equal(elapsedS(heard, 61_000, 100_000), 60);
});

test("one fresh value makes the page live, young minute values do not, no age means never heard", () => {
  const given = (quality: "fresh" | "stale") => nowWith({ "battery.soc": { value: 62, unit: "%", age_s: 1, quality } });
  assert.equal(liveness(given("fresh"), [soc], 0), "live");
  assert.equal(liveness(given("fresh"), [soc], 60), "stale");
  assert.equal(liveness(given("stale"), [soc], 0), "stale");
  assert.equal(liveness(nowWith({}, null), [soc], 0), "never");
});

test("positive power charges, a few watts are rest", () => {
  assert.deepEqual([1200, -800, -3, null].map(flowOf), ["charging", "discharging", "rest", "unknown"]);
});

test("raised flags come gravest first; null is not reported", () => {
  const site = siteWith("battery.soc", "battery.warning.cell_imbalance", "battery.alarm.low_voltage", "battery.protection.system_error");
  const flag = (value: boolean | null) => ({ value, unit: "", age_s: 1, quality: "fresh" }) as const;
  const now = nowWith({
    "battery.warning.cell_imbalance": flag(true),
    "battery.alarm.low_voltage": flag(null),
    "battery.protection.system_error": flag(true),
  });
  const { raised, reported } = raisedFlags(now, site, "battery", 0);
  assert.deepEqual(raised.map((each) => `${each.kind} ${each.item}`), ["protection system_error", "warning cell_imbalance"]);
  assert.equal(reported, true);
  assert.equal(raisedFlags(nowWith({}), site, "battery", 0).reported, false);
});

test("the chart takes power where it is kept, else current", () => {
  assert.equal(chartChannels(siteWith("battery.soc", "battery.current", "battery.power"), "battery").flow, "battery.power");
  assert.equal(chartChannels(siteWith("battery.soc", "battery.current"), "battery").flow, "battery.current");
  assert.equal(chartChannels(siteWith("battery.current"), "battery").soc, null);
});

test("midnights stay midnights over daylight saving", () => {
  const autumn = wallTicks(unixS("2026-10-23T22:00Z"), unixS("2026-10-26T23:00Z"), "Europe/Rome", 24);
  assert.deepEqual(autumn.map(iso), ["2026-10-23T22:00", "2026-10-24T22:00", "2026-10-25T23:00", "2026-10-26T23:00"]);
  const spring = wallTicks(unixS("2026-03-28T23:00Z"), unixS("2026-03-29T22:00Z"), "Europe/Rome", 6);
  assert.deepEqual(spring.map(iso), ["2026-03-28T23:00", "2026-03-29T04:00", "2026-03-29T10:00", "2026-03-29T16:00", "2026-03-29T22:00"]);
});

test("a day belongs to the site's zone", () => {
  assert.equal(dayOf(unixS("2026-11-22T23:30Z"), "Europe/Rome"), "2026-11-23");
  assert.equal(dayOf(unixS("2026-11-22T23:30Z"), "Europe/Rome", -6), "2026-11-17");
  assert.equal(knownZone("Mars/Olympus"), "UTC");
  assert.equal(knownZone("Asia/Kolkata"), "Asia/Kolkata");
});

test("stretches without data are found at the ends and inside", () => {
  const runs = emptyRuns([[null, 1, null, null, 2], [null, null, null, null, 3]], 0, 60, 6);
  assert.deepEqual(runs, [{ startS: 0, endS: 60 }, { startS: 120, endS: 240 }, { startS: 300, endS: 360 }]);
  assert.deepEqual(emptyRuns([[]], 0, 60, 2), [{ startS: 0, endS: 120 }]);
});

test("the sun over Noto rises and sets when the almanac says", () => {
  // 2026-06-21, 36.89 N 15.07 E: sunrise 03:41 UTC, sunset 18:20 UTC, noon height 76.5 degrees.
  assert.ok(Math.abs(sunHeightDeg(unixS("2026-06-21T11:01Z"), 36.89, 15.07) - 76.5) < 0.3);
  const [before, after] = nights(unixS("2026-06-21T00:00Z"), unixS("2026-06-22T00:00Z"), 36.89, 15.07);
  assert.ok(Math.abs(before!.endS - unixS("2026-06-21T03:41Z")) < 600);
  assert.ok(Math.abs(after!.startS - unixS("2026-06-21T18:20Z")) < 600);
});

test("tries to reconnect are spread and never further apart than 38 s", () => {
  assert.equal(backOffS(1, 0.5), 1);
  assert.equal(backOffS(4, 0.5), 8);
  assert.equal(backOffS(40, 1), 37.5);
});

test("a battery with a wire of its own is not shown twice, and every known device has a card", () => {
  const site = siteWith("battery.soc", "cells.soc", "bms.soc", "solar.power", "xcom.link");
  const kinds = { battery: "can_battery", cells: "pylontech_rs485", bms: "studer_bms", solar: "studer_variotrack", xcom: "studer_gateway" };
  site.devices = Object.entries(kinds).map(([name, kind]) => ({ name, kind, title: null }));
  assert.deepEqual(batteries(site).map((device) => device.name), ["battery"]);
  assert.deepEqual(carded(site).map((one) => one.device.name), ["cells", "bms", "solar"]);
  site.devices = site.devices.slice(2);
  assert.deepEqual(batteries(site).map((device) => device.name), ["bms"]);
});
