import assert from "node:assert/strict";
import { test } from "node:test";

import type { Now, Site } from "../api/types.ts";
import { spotsOf, travelS } from "./flow.ts";
import { outlook, rounded, whPerPct, type Past } from "./outlook.ts";

const KINDS = { battery: "can_battery", solar: "studer_variotrack", inverter: "studer_xtender" } as const;

function house(values: Record<string, number | null>, quality: "fresh" | "stale" = "fresh"): [Site, Now] {
  const names = [...new Set(Object.keys(values).map((name) => name.split(".")[0]!))] as (keyof typeof KINDS)[];
  const channels = Object.keys(values).map((name) => ({ name, quantity: "power", unit: "W", stale_after_s: 5 }));
  const told = Object.entries(values).map(([name, value]) => [name, { value, unit: "W", age_s: 1, quality: value === null ? "absent" : quality }]);
  const devices = names.map((name) => ({ name, kind: KINDS[name], title: name }));
  const site = { site: "noto", title: "Noto", timezone: "UTC", latitude: null, longitude: null, devices, channels, series: [], loads: [] };
  return [site, { site: "noto", at: "2026-11-23T08:00:00Z", state: "live", age_s: 1, channels: Object.fromEntries(told) }];
}

const shown = (values: Record<string, number | null>) =>
  Object.fromEntries(spotsOf(...house(values), 0).map((spot) => [spot.place, spot.powerW]));

test("power is positive towards the middle: sources give, the house takes, a battery does both", () => {
  const values = { "battery.soc": 60, "battery.power": 700, "solar.power": 1500, "inverter.ac_power": 780, "inverter.input_power": 0 };
  assert.deepEqual(shown(values), { sun: 1500, generator: 0, battery: -700, house: -780 });
});

test("without a meter the house takes what the others leave", () => {
  assert.deepEqual(shown({ "battery.soc": 60, "battery.power": 700, "solar.power": 1000 }), { sun: 1000, battery: -700, house: -300 });
});

test("a battery that speaks alone stands against all the rest, and what is not told is null", () => {
  assert.deepEqual(shown({ "battery.soc": 60, "battery.power": -300 }), { battery: 300, rest: -300 });
  assert.deepEqual(shown({ "battery.soc": 60, "solar.power": null }), { sun: null, battery: null, house: null });
});

test("one old part makes its place stale", () => {
  assert.ok(spotsOf(...house({ "battery.soc": 60, "battery.power": -300 }, "stale"), 0).every((spot) => spot.stale));
});

test("more power travels faster, within bounds", () => {
  assert.ok(travelS(3000) < travelS(300) && travelS(300) < travelS(30));
  assert.deepEqual([travelS(1), travelS(100_000)], [4.2, 1]);
});

/** A day of quarter hours: 1 kW drawn from 10 kWh, 2.5 % each, then 500 W back in at 95 %. */
const past: Past = {
  bucketS: 900,
  power: [...Array<number>(16).fill(-1000), ...Array<number>(16).fill(500)],
  soc: [...Array.from({ length: 16 }, (_, at) => 80 - 2.5 * at), ...Array.from({ length: 16 }, (_, at) => 42.5 + 1.1875 * at)],
};

test("the day tells how much energy a percent is, each way by itself", () => {
  assert.equal(whPerPct(past, -1), 100);
  assert.equal(Math.round(whPerPct(past, 1)!), 105);
});

test("what holds a full battery says nothing of its size", () => {
  const held: Past = { bucketS: 900, power: [...past.power, 80, 80, 80, 80], soc: [...past.soc, null, 100, 100, 100] };
  assert.equal(Math.round(whPerPct(held, 1)!), 105);
});

test("full in what is missing, empty in what is there, at the present power and at the recent one", () => {
  const filling = outlook(60, 480, past, null)!;
  assert.deepEqual([filling.nowH, filling.recentH].map((each) => Math.round(each * 10)), [88, 84]);
  const falling = { ...past, power: [...past.power, -800, -800], soc: [...past.soc, null, null] };
  assert.deepEqual(outlook(40, -2000, falling, null), { towards: "empty", nowH: 2, recentH: 5 });
  assert.deepEqual(outlook(40, -400, falling, null), { towards: "empty", nowH: 10, recentH: 5 });
});

test("just after a turn the present power alone tells", () => {
  assert.deepEqual(outlook(60, -400, past, 9600), { towards: "empty", nowH: 15, recentH: 15 });
});

test("nothing is foretold of stillness or of a battery of unknown size", () => {
  const short = { bucketS: 900, power: [-500, -500], soc: [50, 49] };
  assert.equal(outlook(60, 5, past, 9600), null);
  assert.equal(outlook(50, -500, short, null), null);
  assert.deepEqual(outlook(50, -500, short, 10_000), { towards: "empty", nowH: 10, recentH: 10 });
});

test("hours are rounded to what they are worth", () => {
  assert.deepEqual(rounded(0.3), { hours: 0, minutes: 20 });
  assert.deepEqual(rounded(2.2), { hours: 2, minutes: 15 });
  assert.deepEqual(rounded(13.4), { hours: 13, minutes: 0 });
});
