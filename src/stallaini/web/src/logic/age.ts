import type { Channel, ChannelNow, Now, Quality } from "../api/types.ts";

/** An answer of the server and the two clocks of this machine when it came. */
export interface Heard {
  now: Now;
  steadyMs: number;
  wallMs: number;
}

export type Liveness = "live" | "stale" | "never";

/** As the server judges the link: two live messages of a metered site, 5 s apart, and their way here. */
const LIVE_WITHIN_S = 12;

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
  quality: Quality;
  text: string | null;
}

export const ABSENT: Aged = { value: null, unit: "", ageS: null, quality: "absent", text: null };

/**
 * Fresh only while both the server's judgement and the age now say so: some devices are asked but once a
 * minute, so the age alone would let their values outlive the link by that long.
 */
export function aged(given: ChannelNow | undefined, channel: Channel | undefined, elapsed: number): Aged {
  if (given === undefined) return ABSENT;
  const ageS = given.age_s === null ? null : given.age_s + elapsed;
  const limitS = channel === undefined ? 0 : Math.max(channel.stale_after_s, LIVE_WITHIN_S);
  const outlived = given.quality === "fresh" && (ageS === null || ageS > limitS || elapsed > LIVE_WITHIN_S);
  return { value: given.value, unit: given.unit, ageS, quality: outlived ? "stale" : given.quality, text: given.text ?? null };
}

/** Age of the newest value, seconds; null when nothing was ever heard. */
export function newestAgeS(now: Now, elapsed: number): number | null {
  return now.age_s === null ? null : now.age_s + elapsed;
}

/** The page is live while any value is fresh; a minute that just ended is young and yet not live. */
export function liveness(now: Now, channels: readonly Channel[], elapsed: number): Liveness {
  if (now.age_s === null) return "never";
  const fresh = channels.some((channel) => aged(now.channels[channel.name], channel, elapsed).quality === "fresh");
  return fresh ? "live" : "stale";
}
