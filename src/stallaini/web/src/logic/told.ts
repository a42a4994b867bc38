import type { Told } from "../api/people.ts";

/** The order in which people are told, first those who are told at once; every change gives a new list. */
export type Order = readonly Told[];

/** Those who are told together, turn by turn. */
export function turnsOf(order: Order): Told[][] {
  const turns = [...new Set(order.map((one) => one.turn))].sort((one, other) => one - other);
  return turns.map((turn) => order.filter((one) => one.turn === turn));
}

/** Turns counted from 0 without a gap. */
const counted = (order: Order): Told[] => turnsOf(order).flatMap((turn, index) => turn.map((one) => ({ ...one, turn: index })));

/** Somebody one turn earlier (-1) or later (+1), together with those of that turn. */
export const moved = (order: Order, person: string, by: -1 | 1): Told[] =>
  counted(order.map((one) => (one.person === person ? { ...one, turn: one.turn + by } : one)));

/** Whether somebody can go one turn earlier or later: nobody goes before the first, and alone none goes after the last. */
export function canMove(order: Order, person: string, by: -1 | 1): boolean {
  const turns = turnsOf(order);
  const at = turns.findIndex((turn) => turn.some((one) => one.person === person));
  return by === -1 ? at > 0 : at < turns.length - 1 || turns[at]!.length > 1;
}

export const without = (order: Order, person: string): Told[] => counted(order.filter((one) => one.person !== person));

/** With somebody more, who is told last, as people are told by default. */
export const withPerson = (order: Order, person: string): Told[] =>
  counted([...order, { person, ways: ["telegram"], severity: "warning", turn: order.length, digest: [] }]);

export const changed = (order: Order, person: string, change: Partial<Told>): Told[] =>
  order.map((one) => (one.person === person ? { ...one, ...change } : one));
