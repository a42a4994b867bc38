import { dayOf } from "./zone.ts";

export type By = "days" | "month" | "year";
export const BYS: By[] = ["days", "month", "year"];

/** What is asked for: days or months, from `start` to the day before `end`. */
export interface Asked {
  by: "day" | "month";
  start: string;
  end: string;
}

const DAYS: Record<Exclude<By, "year">, number> = { days: 7, month: 31 };

/** The last 7 or 31 days, or twelve months, today included. */
export function askedOf(by: By, nowS: number, zone: string): Asked {
  const end = dayOf(nowS, zone, 1);
  if (by !== "year") return { by: "day", start: dayOf(nowS, zone, 1 - DAYS[by]), end };
  const today = dayOf(nowS, zone);
  const months = Number(today.slice(0, 4)) * 12 + Number(today.slice(5, 7)) - 1 - 11;
  return { by: "month", start: `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}-01`, end };
}
