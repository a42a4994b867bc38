import { monthTicks, wallTicks } from "./zone.ts";

export type TickKind = "clock" | "day" | "date" | "month" | "year";

/** Steps of an axis in time, finest first: every `seconds`, of `kind` names. */
interface Step {
  seconds: number;
  kind: TickKind;
}

const HOUR_S = 3_600;
const DAY_S = 86_400;
const MONTH_S = 30.4 * DAY_S;
const STEPS: Step[] = [
  ...[60, 120, 300, 600, 900, 1_800].map((seconds): Step => ({ seconds, kind: "clock" })),
  ...[1, 2, 3, 6, 12].map((hours): Step => ({ seconds: hours * HOUR_S, kind: "clock" })),
  { seconds: DAY_S, kind: "day" },
  ...[2, 7, 14].map((days): Step => ({ seconds: days * DAY_S, kind: "date" })),
  ...[1, 2, 3, 6].map((months): Step => ({ seconds: months * MONTH_S, kind: "month" })),
  { seconds: 12 * MONTH_S, kind: "year" },
];

export interface Ticks {
  kind: TickKind;
  at: number[];
}

/** The finest ticks of which no two stand closer than `leastPx`. */
export function ticksOf(startS: number, endS: number, zone: string, widthPx: number, leastPx: number): Ticks {
  const leastS = ((endS - startS) / Math.max(1, widthPx)) * leastPx;
  const step = STEPS.find((each) => each.seconds >= leastS) ?? STEPS.at(-1)!;
  return { kind: step.kind, at: within(startS, endS, zone, step).filter((at) => at >= startS && at <= endS) };
}

const kept = new Map<string, number[]>();

/** Ticks of whole days around; kept, because a chart that is dragged asks for the same ones each frame. */
function within(startS: number, endS: number, zone: string, step: Step): number[] {
  if (step.seconds < HOUR_S) return multiples(startS, endS, step.seconds);
  const from = (Math.floor(startS / DAY_S) - 1) * DAY_S;
  const to = (Math.ceil(endS / DAY_S) + 1) * DAY_S;
  const key = `${from} ${to} ${zone} ${step.seconds}`;
  let found = kept.get(key);
  if (found === undefined) {
    found = make(from, to, zone, step);
    if (kept.size > 64) kept.clear();
    kept.set(key, found);
  }
  return found;
}

function make(startS: number, endS: number, zone: string, step: Step): number[] {
  if (step.seconds >= MONTH_S) return monthTicks(startS, endS, zone, Math.round(step.seconds / MONTH_S));
  if (step.seconds <= DAY_S) return wallTicks(startS, endS, zone, step.seconds / HOUR_S);
  const days = step.seconds / DAY_S;
  // Counted from a fixed Monday, so that the ticks stay where they are while the view moves.
  return wallTicks(startS, endS, zone, 24).filter((at) => Math.round(at / DAY_S + 3) % days === 0);
}

function multiples(startS: number, endS: number, stepS: number): number[] {
  const found = [];
  for (let at = Math.ceil(startS / stepS) * stepS; at <= endS; at += stepS) found.push(at);
  return found;
}
