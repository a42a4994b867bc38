import type { Channel, ChannelNow, Now, Quality } from "../api/types.ts";

/** An answer of the server and the two clocks of this machine when it came. */
export interface Heard {
  now: Now;
  steadyMs: number;
  wallMs: number;
}

/** `late`: past its time by a little, as between two messages of a metered site; neither live nor greyed. */
export type Liveness = "live" | "late" | "stale" | "never";
export type Freshness = Quality | "late";

/** How many times its stale-after a value's age may be while it counts as late. */
const LATE_FACTOR = 3;

/**
 * Seconds since the answer came. The larger of two clocks counts: the steady one may stand still
 * while a phone sleeps, the wall clock may be set back; neither may make old values look new.
 */
export function elapsedS(heard: Heard, steadyMs: number, wallMs: number): number {
  return Math.max(0, steadyMs - heard.steadyMs, wallMs - heard.wallMs) / 1000;
}

/** A channel's value as it may be shown `elapsed` seconds after the server gave it. */
export interface Aged {
  value: number | boolean | null;
  unit: string;
  ageS: number | null;
  quality: Freshness;
}

export const ABSENT: Aged = { value: null, unit: "", ageS: null, quality: "absent" };

/** Fresh only while both the server's judgement and the age now say so; what ages turns late, then stale. */
export function aged(given: ChannelNow | undefined, channel: Channel | undefined, elapsed: number): Aged {
  if (given === undefined) return ABSENT;
  const ageS = given.age_s === null ? null : given.age_s + elapsed;
  const quality = given.quality === "absent" ? "absent" : freshness(given.quality, ageS, channel?.stale_after_s ?? 0);
  return { value: given.value, unit: given.unit, ageS, quality };
}

function freshness(given: Quality, ageS: number | null, staleAfterS: number): Freshness {
  if (ageS === null || ageS > staleAfterS * LATE_FACTOR) return "stale";
  if (ageS > staleAfterS) return "late";
  return given;
}

/** Age of the newest value, seconds; null when nothing was ever heard. */
export function newestAgeS(now: Now, elapsed: number): number | null {
  return now.age_s === null ? null : now.age_s + elapsed;
}

/** The page is live while the newest value is younger than the least patient channel allows. */
export function liveness(now: Now, channels: readonly Channel[], elapsed: number): Liveness {
  const ageS = newestAgeS(now, elapsed);
  if (ageS === null) return "never";
  const found = freshness("fresh", ageS, Math.min(...channels.map((channel) => channel.stale_after_s)));
  return found === "fresh" ? "live" : found === "late" ? "late" : "stale";
}
