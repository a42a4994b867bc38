import type { BudgetTold } from "../api/types.ts";

/** Where the bar's parts end, in percent of its whole: used up to now, foreseen, and the plan itself. */
export interface Bar {
  used: number;
  foreseen: number;
  plan: number;
  /** The month has, or is going to have, more than the plan. */
  over: boolean;
}

/** The bar is as long as the plan, or as what is used or foreseen where that is more. */
export function barOf(told: BudgetTold): Bar {
  const used = told.month.used_bytes;
  const foreseen = Math.max(used, told.forecast_bytes ?? used);
  const whole = Math.max(told.plan_bytes, foreseen);
  const share = (bytes: number): number => (bytes / whole) * 100;
  return { used: share(used), foreseen: share(foreseen), plan: share(told.plan_bytes), over: foreseen > told.plan_bytes };
}

/** The month's purposes that took anything, the largest first. */
export function purposesOf(told: BudgetTold): [string, number][] {
  return Object.entries(told.month.by_purpose).filter(([, bytes]) => bytes > 0).sort((one, other) => other[1] - one[1]);
}
