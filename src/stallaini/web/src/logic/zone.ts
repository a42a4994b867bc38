/** Calendar arithmetic in a site's time zone; instants are Unix seconds. Days of 23 h and 25 h exist. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let made = formats.get(zone);
  if (made === undefined) {
    made = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    formats.set(zone, made);
  }
  return made;
}

/** The zone itself when this browser knows it, else UTC. */
export function knownZone(zone: string): string {
  try {
    format(zone);
    return zone;
  } catch {
    return "UTC";
  }
}

/** The wall clock of `zone` at an instant, written as if it were UTC. */
function wallS(unixS: number, zone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format(zone).formatToParts(unixS * 1000)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** The instant at which the wall clock of `zone` shows `wall` (two passes settle daylight saving). */
function instantS(wall: number, zone: string): number {
  const guess = wall - (wallS(wall, zone) - wall);
  return guess - (wallS(guess, zone) - wall);
}

const DAY_S = 86_400;

/** Instants in start..end at which the wall clock shows a multiple of `stepH` hours (24 = each midnight). */
export function wallTicks(startS: number, endS: number, zone: string, stepH: number): number[] {
  const ticks: number[] = [];
  const firstDay = Math.floor(wallS(startS, zone) / DAY_S) * DAY_S;
  const lastDay = Math.floor(wallS(endS, zone) / DAY_S) * DAY_S;
  for (let day = firstDay; day <= lastDay; day += DAY_S) {
    for (let hour = 0; hour < 24; hour += stepH) {
      const at = instantS(day + hour * 3600, zone);
      if (at >= startS && at <= endS && at !== ticks.at(-1)) ticks.push(at);
    }
  }
  return ticks;
}

/** The site's day, `offset` days later, as 2026-11-16. */
export function dayOf(unixS: number, zone: string, offset = 0): string {
  return new Date((wallS(unixS, zone) + offset * DAY_S) * 1000).toISOString().slice(0, 10);
}

/** Instants in start..end at which a month of the wall clock begins, each `step`th of the year. */
export function monthTicks(startS: number, endS: number, zone: string, step: number): number[] {
  const ticks: number[] = [];
  const first = new Date(wallS(startS, zone) * 1000);
  for (let month = first.getUTCFullYear() * 12 + first.getUTCMonth(); ; month += 1) {
    const at = instantS(Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000, zone);
    if (at > endS) return ticks;
    if (at >= startS && (month % 12) % step === 0) ticks.push(at);
  }
}
