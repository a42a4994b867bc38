import type { Words } from "./en.ts";

export const DASH = "–";
const MINUS = "−";
const NO_BREAK = "\u00a0";

const numberFormats = new Map<string, Intl.NumberFormat>();

/** A number with fixed decimals; `signed` puts a sign before every value but zero. */
export function number(locale: string, value: number, decimals: number, signed = false): string {
  const key = `${locale} ${decimals} ${signed}`;
  let format = numberFormats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: signed ? "exceptZero" : "negative", useGrouping: "always",
    });
    numberFormats.set(key, format);
  }
  return format.format(value).replace("-", MINUS);
}

const UNIT_SIGNS: Record<string, string> = { degC: "°C" };
const DECIMALS: Record<string, number> = { V: 2, A: 1, W: 0, VA: 0, Hz: 2, "%": 0, degC: 1, kWh: 1, Ah: 0 };

/** Decimals in which a quantity is read off a wall, not measured. */
const QUANTITY_DECIMALS: Record<string, number> = { cell_voltage: 3, voltage_limit: 1, current_limit: 0, day_energy: 2 };

export const unitSign = (unit: string): string => UNIT_SIGNS[unit] ?? unit;

export const decimalsOf = (unit: string, quantity = ""): number => QUANTITY_DECIMALS[quantity] ?? DECIMALS[unit] ?? 0;

/** "53.21 V"; a number and its unit never part at a line's end. */
export function withUnit(locale: string, value: number, unit: string, decimals = decimalsOf(unit), signed = false): string {
  const sign = unitSign(unit);
  return number(locale, value, decimals, signed) + (sign === "" ? "" : NO_BREAK + sign);
}

/** Watts, or kilowatts from ten thousand on. */
export function powerParts(locale: string, powerW: number): { value: string; unit: string } {
  if (Math.abs(powerW) >= 9_999.5) return { value: number(locale, powerW / 1000, 1), unit: "kW" };
  return { value: number(locale, powerW, 0), unit: "W" };
}

/** A plan's bytes as people buy them: "200 MB", "1.5 MB". */
export const planSize = (locale: string, bytes: number): string =>
  number(locale, bytes / 1e6, bytes % 1e6 === 0 ? 0 : 1) + NO_BREAK + "MB";

/** Bytes as kilobytes or, from a million on, megabytes: three digits at most say enough. */
export function size(locale: string, bytes: number): string {
  const [value, unit] = bytes >= 999_500 ? [bytes / 1e6, "MB"] : [bytes / 1e3, "kB"];
  return number(locale, value, value >= 99.95 || value === 0 ? 0 : value >= 9.95 || unit === "kB" ? 1 : 2) + NO_BREAK + unit;
}

export function age(words: Words, ageS: number): string {
  if (ageS < 60) return words.age.s(Math.floor(ageS));
  if (ageS < 3_600) return words.age.min(Math.floor(ageS / 60));
  if (ageS < 172_800) return words.age.h(Math.floor(ageS / 3_600));
  return words.age.days(Math.floor(ageS / 86_400));
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();

function date(locale: string, zone: string, unixS: number, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale} ${zone} ${JSON.stringify(options)}`;
  let format = dateFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options });
    dateFormats.set(key, format);
  }
  return format.format(unixS * 1000);
}

const CLOCK = { hour: "2-digit", minute: "2-digit" } as const;

export const clock = (locale: string, zone: string, unixS: number): string => date(locale, zone, unixS, CLOCK);

export const weekday = (locale: string, zone: string, unixS: number): string =>
  date(locale, zone, unixS, { weekday: "short", day: "numeric" });

export const weekdayName = (locale: string, zone: string, unixS: number): string =>
  date(locale, zone, unixS, { weekday: "short" });

export const dayAndClock = (locale: string, zone: string, unixS: number): string =>
  date(locale, zone, unixS, { weekday: "short", day: "numeric", month: "short", ...CLOCK });

/** "16 Nov, 10:00" */
export const dateAndClock = (locale: string, zone: string, unixS: number): string =>
  date(locale, zone, unixS, { day: "numeric", month: "short", ...CLOCK });

export const shortDay = (locale: string, zone: string, unixS: number): string =>
  date(locale, zone, unixS, { day: "numeric", month: "short" });

export const fullDay = (locale: string, zone: string, unixS: number): string =>
  date(locale, zone, unixS, { day: "numeric", month: "short", year: "numeric" });

export const monthName = (locale: string, zone: string, unixS: number): string => date(locale, zone, unixS, { month: "short" });

export const yearName = (locale: string, zone: string, unixS: number): string => date(locale, zone, unixS, { year: "numeric" });

/** The weekday and the number of a site's day ("2026-11-16"): "Mon" and "16". */
export const dayWeekday = (locale: string, day: string): string => weekdayName(locale, "UTC", Date.parse(day) / 1000);
export const dayNumber = (day: string): string => String(Number(day.slice(8)));

/** A day ("2026-11-01") as "1 Nov"; `later` so many days after it. */
export const dayInMonth = (locale: string, day: string, later = 0): string =>
  date(locale, "UTC", Date.parse(day) / 1000 + later * 86_400, { day: "numeric", month: "short" });

/** "cell_over_voltage" as "Cell over voltage". */
export function humanise(field: string): string {
  const plain = field.replaceAll("_", " ").replaceAll(".", ", ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
