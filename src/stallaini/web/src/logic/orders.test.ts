import assert from "node:assert/strict";
import { test } from "node:test";

import type { Command } from "../api/commands.ts";
import { dataOf, kindOf, lookAgainMs, newestOf, orderOf } from "./orders.ts";

const NOON = Date.parse("2026-11-16T12:00:00Z") / 1000;

function command(change: Partial<Command>): Command {
  const run = { id: 1, issuer: "anna", kind: "load.run", data: { load: "pump", minutes: 15 }, reason: null };
  return { ...run, state: "done", made_at: "2026-11-16T11:50:00Z", ...change };
}

test("an order is told to the site as the bot tells it", () => {
  const order = { do: "run", load: "pump", minutes: 60 } as const;
  assert.deepEqual([kindOf(order), dataOf(order)], ["load.run", { load: "pump", minutes: 60 }]);
  assert.deepEqual(orderOf(command({ kind: kindOf(order), data: dataOf(order) })), order);
  assert.deepEqual(dataOf({ do: "stop", load: "pump" }), { load: "pump" });
  assert.equal(orderOf(command({ kind: "ping", data: {} })), null);
});

test("the newest order of a load is shown while it is under way and for an hour", () => {
  const old = command({ id: 2, made_at: "2026-11-16T09:00:00Z" });
  assert.equal(newestOf([old], "pump", NOON), null);
  assert.equal(newestOf([{ ...old, state: "received" }], "pump", NOON)?.id, 2);
  assert.equal(newestOf([command({ id: 3 }), old], "pump", NOON)?.id, 3);
  assert.equal(newestOf([command({ id: 3 })], "heater", NOON), null);
});

test("it is looked at often at first, then less", () => {
  assert.deepEqual([0, 1, 4, 30].map((looks) => Math.round(lookAgainMs(looks))), [1_000, 1_400, 3_842, 20_000]);
});
