import assert from "node:assert/strict";
import { test } from "node:test";

import type { Told } from "../api/people.ts";
import { canMove, changed, moved, turnsOf, withPerson, without } from "./told.ts";

const told = (person: string, turn: number): Told => ({ person, turn, ways: ["telegram"], severity: "warning", digest: [] });
const names = (order: readonly Told[]): string[][] => turnsOf(order).map((turn) => turn.map((one) => one.person));

const HOUSE = [told("anna", 0), told("bruno", 1), told("carla", 2)];

test("somebody earlier is told together with those before; once more, alone before them", () => {
  const together = moved(HOUSE, "bruno", -1);
  assert.deepEqual(names(together), [["anna", "bruno"], ["carla"]]);
  assert.deepEqual(names(moved(together, "anna", 1)), [["bruno"], ["anna", "carla"]]);
});

test("nobody goes before the first nor, alone, after the last", () => {
  assert.equal(canMove(HOUSE, "anna", -1), false);
  assert.equal(canMove(HOUSE, "carla", 1), false);
  assert.equal(canMove(moved(HOUSE, "carla", -1), "carla", 1), true);
});

test("turns have no gaps, whoever goes", () => {
  const left = without(HOUSE, "bruno");
  assert.deepEqual(left.map((one) => one.turn), [0, 1]);
  assert.deepEqual(names(withPerson(left, "dora")), [["anna"], ["carla"], ["dora"]]);
  assert.deepEqual(names(withPerson([], "dora")), [["dora"]]);
});

test("what was said of one person stays when the order changes", () => {
  const order = moved(changed(HOUSE, "bruno", { ways: ["email"], severity: "critical", digest: ["week"] }), "bruno", -1);
  assert.deepEqual(order.find((one) => one.person === "bruno"), { person: "bruno", turn: 0, ways: ["email"], severity: "critical", digest: ["week"] });
});
