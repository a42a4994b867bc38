import assert from "node:assert/strict";
import { test } from "node:test";

import type { Now } from "../api/types.ts";
import { Follower } from "./changes.ts";
import { asCsv, bucketAt, bucketsWithin, unpack } from "./columns.ts";
import { askedOf } from "./energy.ts";
import { coloursOf } from "./series.ts";
import { ticksOf } from "./ticks.ts";
import { bucketS, clamped, moved, spanView, windowOf, zoomed } from "./view.ts";

const unixS = (iso: string): number => Date.parse(iso) / 1000;
const iso = (at: number): string => new Date(at * 1000).toISOString().slice(0, 16);
const DAY_S = 86_400;
const bounds = { startS: unixS("2024-01-01T00:00Z"), endS: unixS("2026-11-16T10:30Z") };

test("packed columns become what was measured, gaps and all", () => {
  const column = unpack({ name: "battery.current", unit: "A", step: 0.1, mean: [123, null, -2], below: [4, 3], above: [3, 2] });
  assert.deepEqual(column.mean, [12.3, null, 12.1]);
  assert.deepEqual(column.min, [11.9, null, 11.8]);
  assert.deepEqual(column.max, [12.6, null, 12.3]);
  const flat = unpack({ name: "battery.soc", unit: "%", step: 1, mean: [null, 62, 0] });
  assert.deepEqual([flat.min, flat.max], [[null, 62, 62], [null, 62, 62]]);
});

test("a bucket is found by its time, and what is seen is saved with its units", () => {
  const grid = { firstS: 600, bucketS: 60, count: 3 };
  assert.deepEqual([599, 600, 719, 779, 780].map((at) => bucketAt(grid, at)), [null, 0, 1, 2, null]);
  assert.deepEqual(bucketsWithin(grid, 630, 719), [0, 2]);
  const column = unpack({ name: "battery.current", unit: "A", step: 0.1, mean: [10, null, 5] });
  assert.equal(
    asCsv(grid, [column], 660, 780),
    "time,battery.current mean (A),battery.current min (A),battery.current max (A)\r\n" +
      "1970-01-01T00:11:00Z,,,\r\n1970-01-01T00:12:00Z,1.5,1.5,1.5\r\n",
  );
});

test("buckets are as fine as a chart has room for, down to the minute and up to weeks", () => {
  assert.equal(bucketS(600, 1200), 60);
  assert.equal(bucketS(DAY_S, 330), 300);
  assert.equal(bucketS(DAY_S, 1200), 120);
  assert.equal(bucketS(365 * DAY_S, 330), DAY_S);
  assert.equal(bucketS(365 * DAY_S, 1200), DAY_S);
  assert.equal(bucketS(20 * 365 * DAY_S, 330), 28 * DAY_S);
});

test("a window is whole buckets around the view and the same a moment later", () => {
  const view = spanView("week", bounds);
  const window = windowOf(view, bounds, 1200);
  assert.ok(window.startS <= view.startS - 3 * DAY_S && window.endS >= view.endS);
  assert.equal((window.endS - window.startS) % window.bucketS, 0);
  const later = { ...bounds, endS: bounds.endS + 60 };
  assert.deepEqual(windowOf(spanView("week", later), later, 1200), window);
  const year = windowOf(spanView("year", bounds), bounds, 1200);
  assert.deepEqual([year.startS % DAY_S, year.endS % DAY_S], [0, 0]);
});

test("a view stays within the past, as long as it was", () => {
  const day = spanView("day", bounds);
  assert.deepEqual(moved(day, DAY_S, bounds), day);
  assert.deepEqual(moved(day, -DAY_S, bounds), { startS: day.startS - DAY_S, endS: day.endS - DAY_S });
  const first = moved(day, -9_999 * DAY_S, bounds);
  assert.deepEqual([first.startS, first.endS - first.startS], [bounds.startS, DAY_S]);
  assert.deepEqual(spanView("all", bounds), bounds);
  assert.equal(clamped({ startS: 0, endS: 9e9 }, bounds).startS, bounds.startS);
});

test("zooming keeps what is under the fingers and ends at ten minutes", () => {
  const day = spanView("day", bounds);
  const around = day.startS + DAY_S / 4;
  const near = zoomed(day, 0.5, around, bounds);
  assert.equal((around - near.startS) / (near.endS - near.startS), 0.25);
  const nearest = zoomed(day, 1e-6, around, bounds);
  assert.equal(Math.round(nearest.endS - nearest.startS), 600);
});

test("ticks are hours of the site's day, then days, then the firsts of months", () => {
  const summer = { startS: unixS("2026-06-10T22:00Z"), endS: unixS("2026-06-11T22:00Z") };
  const hours = ticksOf(summer.startS, summer.endS, "Europe/Rome", 240, 48);
  assert.deepEqual(hours.at.map(iso), ["2026-06-10T22:00", "2026-06-11T04:00", "2026-06-11T10:00", "2026-06-11T16:00", "2026-06-11T22:00"]);
  const minutes = ticksOf(summer.startS, summer.startS + 600, "Europe/Rome", 600, 64);
  assert.equal(minutes.at[1]! - minutes.at[0]!, 120);
  const year = ticksOf(unixS("2026-01-01T00:00Z"), unixS("2026-12-31T00:00Z"), "Europe/Rome", 700, 50);
  assert.equal(year.kind, "month");
  assert.deepEqual(year.at.slice(0, 2).map(iso), ["2026-01-31T23:00", "2026-02-28T23:00"]);
});

test("no two lines have one colour, and the usual ones have theirs", () => {
  assert.deepEqual(coloursOf(["battery.soc", "battery.power", "solar.power", "inverter.ac_power"]), [0, 1, 2, 3]);
  assert.deepEqual(coloursOf(["a.power", "b.power", "c.voltage", "battery.soc"]), [1, 2, 3, 0]);
});

test("a year of energy begins with the month eleven before this", () => {
  const now = unixS("2026-11-16T12:00Z");
  assert.deepEqual(askedOf("year", now, "Europe/Rome"), { by: "month", start: "2025-12-01", end: "2026-11-17" });
  assert.deepEqual(askedOf("days", now, "Europe/Rome"), { by: "day", start: "2026-11-10", end: "2026-11-17" });
});

test("changes put onto what was told first are what is now", () => {
  const channel = (value: number, age_s: number) => ({ value, unit: "A", age_s, quality: "fresh" }) as const;
  const first: Now = { site: "s", at: "2026-11-16T08:30:00Z", state: "live", age_s: 0.2, channels: { a: channel(1, 0.2), b: channel(2, 7) } };
  const follower = new Follower(first);
  const second = follower.next({ t: 5, a: 0.4, v: [0, 3] });
  assert.deepEqual([second.at, second.age_s], ["2026-11-16T08:30:05.000Z", 0.4]);
  assert.deepEqual([second.channels["a"]!.value, second.channels["a"]!.age_s, second.channels["b"]!.age_s], [3, 0.4, 12]);
  const third = follower.next({ t: 5, a: 0.6, o: [1, null, null], q: { "1": "absent" }, x: { "0": "on" }, s: "late" });
  assert.deepEqual(third.channels["a"], { value: 3, unit: "A", age_s: 0.6, quality: "fresh", text: "on" });
  assert.deepEqual([third.state, third.channels["b"]], ["late", { value: null, unit: "A", age_s: null, quality: "absent" }]);
});
