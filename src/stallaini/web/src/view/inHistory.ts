import type { Site } from "../api/types.ts";
import type { Ticks } from "../logic/ticks.ts";
import { knownZone } from "../logic/zone.ts";
import type { Column } from "../logic/columns.ts";
import type { View } from "../logic/view.ts";
import { clock, dateAndClock, dayAndClock, decimalsOf, fullDay, monthName, number, shortDay, unitSign, weekday, yearName } from "../words/format.ts";
import { locale, nameOf } from "../words/index.ts";

const NO_BREAK = "\u00a0";
const DAYS_S = 3 * 86_400;

/** Power is written in kilowatts, as on the chart's axis. */
export function scaleOf(unit: string): { factor: number; sign: string; decimals: number } {
  if (unit === "W") return { factor: 1 / 1000, sign: "kW", decimals: 2 };
  if (unit === "VA") return { factor: 1 / 1000, sign: "kVA", decimals: 2 };
  return { factor: 1, sign: unitSign(unit), decimals: decimalsOf(unit) };
}

/** "Battery, power"; the field alone where there is but one device. */
export function titleOf(known: Site, channel: string): string {
  const dot = channel.indexOf(".");
  const field = nameOf(channel.slice(dot + 1));
  if (known.devices.length < 2) return field;
  const name = channel.slice(0, dot);
  return `${known.devices.find((device) => device.name === name)?.title ?? name} · ${field}`;
}

export function withSign(value: number, unit: string): string {
  const { sign } = scaleOf(unit);
  return plain(value, unit) + (sign === "" ? "" : NO_BREAK + sign);
}

export function plain(value: number, unit: string): string {
  const { factor, decimals } = scaleOf(unit);
  return number(locale.value, value * factor, decimals);
}

/** The lowest and the highest of buckets [from, to); null: none has a value. */
export function extremes(column: Column, from: number, to: number): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (let index = from; index < to; index += 1) {
    low = Math.min(low, column.min[index] ?? Infinity);
    high = Math.max(high, column.max[index] ?? -Infinity);
  }
  return low <= high ? [low, high] : null;
}

/** "16 Nov, 10:00 – 14:00", by days for longer views. */
export function viewInWords(known: Site, view: View): string {
  const zone = knownZone(known.timezone);
  const spanS = view.endS - view.startS;
  const at = spanS > DAYS_S ? fullDay : dateAndClock;
  const first = at(locale.value, zone, view.startS);
  const sameDay = spanS <= DAYS_S && shortDay(locale.value, zone, view.startS) === shortDay(locale.value, zone, view.endS);
  return `${first} – ${sameDay ? clock(locale.value, zone, view.endS) : at(locale.value, zone, view.endS)}`;
}

/** A bucket's time in words. */
export function bucketInWords(known: Site, startS: number, bucketS: number): string {
  const zone = knownZone(known.timezone);
  // Buckets of days are days in UTC; their middle lies in the day they mostly are.
  return bucketS >= 86_400 ? fullDay(locale.value, zone, startS + bucketS / 2) : dayAndClock(locale.value, zone, startS);
}

export function tickInWords(known: Site, { kind }: Ticks, unixS: number): string {
  const zone = knownZone(known.timezone);
  const said = locale.peek();
  if (kind === "day") return weekday(said, zone, unixS);
  if (kind === "date") return shortDay(said, zone, unixS);
  if (kind === "year") return yearName(said, zone, unixS);
  if (kind === "month") {
    const month = monthName(said, zone, unixS);
    return new Date((unixS + 86_400) * 1000).getUTCMonth() === 0 ? yearName(said, zone, unixS + 86_400) : month;
  }
  const time = clock(said, zone, unixS);
  return time === "00:00" ? weekday(said, zone, unixS) : time;
}
