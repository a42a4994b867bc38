import type { History } from "../api/types.ts";
import { decimalsOf, unitSign } from "../words/format.ts";

/** How a history's values are written: power in kilowatts, as on the chart's axis. */
export interface Scale {
  factor: number;
  unit: string;
  decimals: number;
}

export function scaleOf(history: History): Scale {
  if (history.unit === "W") return { factor: 1 / 1000, unit: "kW", decimals: 2 };
  return { factor: 1, unit: unitSign(history.unit), decimals: decimalsOf(history.unit) };
}
