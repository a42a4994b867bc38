/** How long until a battery is full or empty, from what its charge did with the energy of the last day. */

/** Power below this, W, leads nowhere. */
const LEAST_W = 25;
/** So much must the charge have moved one way, percent, before its pace is believed. */
const LEAST_MOVED_PCT = 8;
/** From here on a charger only holds what is there: its power moves no charge. */
const FULL_PCT = 99.5;
const RECENT_BUCKETS = 2;
/** Beyond this nobody should plan by it. */
export const FARTHEST_H = 48;

export interface Past {
  bucketS: number;
  /** Mean power of each bucket, W, positive when charging. */
  power: readonly (number | null)[];
  /** State of charge of each bucket, percent. */
  soc: readonly (number | null)[];
}

export interface Outlook {
  towards: "full" | "empty";
  /** Hours at the present power. */
  nowH: number;
  /** Hours at the mean power of the last half hour. */
  recentH: number;
}

/** Energy that moves the charge by one percent in one direction, Wh; null when the past is too short or too still. */
export function whPerPct(past: Past, sign: 1 | -1): number | null {
  let wh = 0;
  let moved = 0;
  for (let at = 1; at < past.soc.length; at += 1) {
    const before = past.soc[at - 1] ?? null;
    const after = past.soc[at] ?? null;
    // The charge of a bucket stands in its middle: the energy between two middles is half of each.
    const first = past.power[at - 1] ?? null;
    const second = past.power[at] ?? null;
    if (before === null || after === null || first === null || second === null) continue;
    if (Math.min(before, after) >= FULL_PCT) continue;
    const step = (after - before) * sign;
    if (Math.min(first * sign, second * sign) < LEAST_W || step < 0) continue;
    wh += (((first + second) / 2) * sign * past.bucketS) / 3600;
    moved += step;
  }
  return moved < LEAST_MOVED_PCT ? null : wh / moved;
}

/** The mean power of the last buckets that have one, W. */
export function recentW(past: Past): number | null {
  const told = past.power.filter((value) => value !== null).slice(-RECENT_BUCKETS);
  return told.length === 0 ? null : told.reduce((all, value) => all + value, 0) / told.length;
}

/**
 * The way things go: `capacityWh` stands in where the past does not tell. Null when power is small, or nothing
 * is known of the battery's size. A kettle of minutes must not make a battery empty by noon, nor the quiet half
 * hour before it hide that the heater now runs: both are told.
 */
export function outlook(socPct: number, powerNowW: number, past: Past, capacityWh: number | null): Outlook | null {
  const sign = powerNowW >= 0 ? 1 : -1;
  const recent = recentW(past);
  if (Math.abs(powerNowW) < LEAST_W) return null;
  const nowW = Math.abs(powerNowW);
  // Just after a turn the last half hour tells of the other way: only the present does of this one.
  const meanW = recent === null || recent * sign < LEAST_W ? nowW : recent * sign;
  const perPct = whPerPct(past, sign) ?? (capacityWh === null ? null : capacityWh / 100);
  const left = sign > 0 ? 100 - socPct : socPct;
  if (perPct === null || left < 0.5) return null;
  const hours = (powerW: number): number => (left * perPct) / powerW;
  const towards = sign > 0 ? "full" : "empty";
  return { towards, nowH: hours(nowW), recentH: hours(meanW) };
}

/** Hours and minutes as exact as they deserve: fives of minutes, quarters, then whole hours. */
export function rounded(hours: number): { hours: number; minutes: number } {
  const stepMin = hours < 1 ? 5 : hours < 4 ? 15 : hours < 10 ? 30 : 60;
  const minutes = Math.max(stepMin, Math.round((hours * 60) / stepMin) * stepMin);
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
}
