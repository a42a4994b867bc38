/** A stretch of time, Unix seconds. */
export interface Run {
  startS: number;
  endS: number;
}

/** Stretches of the buckets in which no column has a value. */
export function emptyRuns(columns: readonly (readonly (number | null)[])[], firstS: number, bucketS: number, count: number): Run[] {
  const runs: Run[] = [];
  for (let index = 0; index < count; index += 1) {
    if (columns.some((column) => column[index] != null)) continue;
    const startS = firstS + index * bucketS;
    const last = runs.at(-1);
    if (last !== undefined && last.endS === startS) last.endS += bucketS;
    else runs.push({ startS, endS: startS + bucketS });
  }
  return runs;
}

const RAD = Math.PI / 180;

/** Height of the sun in degrees, within about 0.1 (Astronomical Almanac, low precision formula). */
export function sunHeightDeg(unixS: number, latitude: number, longitude: number): number {
  const days = unixS / 86_400 - 10_957.5;
  const anomaly = (357.529 + 0.98560028 * days) * RAD;
  const ecliptic = (280.459 + 0.98564736 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * RAD;
  const tilt = 23.439 * RAD;
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic));
  const declination = Math.asin(Math.sin(tilt) * Math.sin(ecliptic));
  const siderealH = 18.697374558 + 24.06570982441908 * days;
  const hourAngle = (siderealH * 15 + longitude) * RAD - ascension;
  const sine =
    Math.sin(latitude * RAD) * Math.sin(declination) +
    Math.cos(latitude * RAD) * Math.cos(declination) * Math.cos(hourAngle);
  return Math.asin(sine) / RAD;
}

const SUN_RISE_DEG = -0.833;
const NIGHT_STEP_S = 60;
const LONG_S = 3 * 86_400;

/** The nights within start..end at a place, to the minute or, over weeks, to five. */
export function nights(startS: number, endS: number, latitude: number, longitude: number): Run[] {
  const runs: Run[] = [];
  let darkFromS: number | null = null;
  const stepS = endS - startS > LONG_S ? 5 * NIGHT_STEP_S : NIGHT_STEP_S;
  for (let at = Math.floor(startS / stepS) * stepS; at <= endS; at += stepS) {
    const dark = sunHeightDeg(at, latitude, longitude) < SUN_RISE_DEG;
    if (dark && darkFromS === null) darkFromS = at;
    if (!dark && darkFromS !== null) {
      runs.push({ startS: darkFromS, endS: at });
      darkFromS = null;
    }
  }
  if (darkFromS !== null) runs.push({ startS: darkFromS, endS });
  return runs;
}
