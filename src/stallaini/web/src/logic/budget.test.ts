import assert from "node:assert/strict";
import { test } from "node:test";

import type { BudgetTold } from "../api/types.ts";
import { barOf, purposesOf } from "./budget.ts";

function told(usedBytes: number, forecastBytes: number | null): BudgetTold {
  return {
    at: "2026-11-16T08:30:00Z", plan_bytes: 20_000_000, billing_day: 1, mode: "auto", interval_s: 60, interface: null,
    live: { allowed: true, bytes_per_min: 1400 }, today: null,
    month: { start: "2026-11-01", end: "2026-12-01", used_bytes: usedBytes, by_purpose: { telemetry: 5, vpn: 0, other: 9 } },
    forecast_bytes: forecastBytes, saved: { batching_bytes: 0, declined_live_bytes: 0 },
  };
}

test("the bar is as long as the plan while the plan is enough", () => {
  assert.deepEqual(barOf(told(5_000_000, 10_000_000)), { used: 25, foreseen: 50, plan: 100, over: false });
  assert.deepEqual(barOf(told(5_000_000, null)), { used: 25, foreseen: 25, plan: 100, over: false });
});

test("a month that is going to have more than its plan shows where the plan ends", () => {
  assert.deepEqual(barOf(told(10_000_000, 40_000_000)), { used: 25, foreseen: 100, plan: 50, over: true });
});

test("the largest purpose comes first, and what took nothing is left out", () => {
  assert.deepEqual(purposesOf(told(14, null)), [["other", 9], ["telemetry", 5]]);
});
