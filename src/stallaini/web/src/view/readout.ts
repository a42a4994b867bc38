import type { History } from "../api/types.ts";
import { scaleOf } from "../logic/scale.ts";
import { number } from "../words/format.ts";
import { locale, words } from "../words/index.ts";

const NO_BREAK = "\u00a0";

/** The bucket of an instant, or -1. */
export function indexAt(history: History, unixS: number): number {
  return history.t.findIndex((startS) => unixS >= startS && unixS < startS + history.bucket_s);
}

/** One bucket in words: "+1.24 kW (0.31 to 2.05)", its mean and its extremes. */
export function bucketInWords(history: History, unixS: number, signed: boolean): string {
  const index = indexAt(history, unixS);
  const mean = history.mean[index] ?? null;
  if (mean === null) return words().noData;
  const low = history.min[index] ?? null;
  const high = history.max[index] ?? null;
  const shown = written(history, mean, signed) + NO_BREAK + scaleOf(history).unit;
  if (!signed || low === null || high === null) return shown;
  return `${shown} (${words().between(written(history, low, signed), written(history, high, signed))})`;
}

/** The whole span in words: from its lowest to its highest value. */
export function extremesInWords(history: History, signed: boolean): string {
  const lows = present(history.min, history.mean);
  const highs = present(history.max, history.mean);
  if (lows.length === 0 || highs.length === 0) return words().noData;
  const low = written(history, Math.min(...lows), signed);
  return words().between(low, written(history, Math.max(...highs), signed)) + NO_BREAK + scaleOf(history).unit;
}

function present(column: (number | null)[], otherwise: (number | null)[]): number[] {
  const found = column.filter((value) => value !== null);
  return found.length > 0 ? found : otherwise.filter((value) => value !== null);
}

function written(history: History, value: number, signed: boolean): string {
  const { factor, decimals } = scaleOf(history);
  return number(locale.value, value * factor, decimals, signed);
}
