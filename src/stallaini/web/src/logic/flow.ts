import type { Device, Now, Site } from "../api/types.ts";
import { aged, ABSENT, type Aged } from "./age.ts";
import { batteries, numberOf } from "./battery.ts";

/** What energy comes from or goes to. `rest`: everything beside a battery that speaks alone. */
export type Place = "sun" | "generator" | "battery" | "house" | "rest";

/** One place of the picture; `powerW` is positive towards the middle, null when nobody tells it. */
export interface Spot {
  place: Place;
  powerW: number | null;
  stale: boolean;
  /** A battery's state of charge, percent. */
  socPct?: number | null;
}

/** A switchable consumer; `powerW` null: it has no meter. */
export interface LoadSpot {
  name: string;
  title: string;
  ratedW: number;
  power: Aged;
}

/** Less than this is nothing: meters of things that stand still flicker. */
export const STILL_W = 10;

const SUN_KINDS = ["studer_variotrack", "studer_variostring"];
const INVERTER_KINDS = ["studer_xtender"];

interface Sum {
  powerW: number | null;
  stale: boolean;
}

/** The places of a site's energy, in the order in which they are told: sources first. */
export function spotsOf(site: Site, now: Now, elapsed: number): Spot[] {
  const sum = (devices: Device[], field: string): Sum => summed(devices.map((device) => channelOf(site, now, elapsed, `${device.name}.${field}`)));
  const suns = site.devices.filter((device) => SUN_KINDS.includes(device.kind));
  const inverters = site.devices.filter((device) => INVERTER_KINDS.includes(device.kind));
  const stores = batteries(site);
  const spots: Spot[] = [];
  if (suns.length > 0) spots.push({ place: "sun", ...sum(suns, "power") });
  if (inverters.length > 0) spots.push({ place: "generator", ...sum(inverters, "input_power") });
  const battery = turned(sum(stores, "power"));
  if (stores.length > 0) {
    const soc = channelOf(site, now, elapsed, `${stores[0]!.name}.soc`);
    spots.push({ place: "battery", ...battery, socPct: numberOf(soc) });
  }
  if (inverters.length > 0) spots.push({ place: "house", ...turned(sum(inverters, "ac_power")) });
  else if (suns.length > 0 && stores.length > 0) spots.push({ place: "house", ...remainder(spots) });
  else if (stores.length > 0) spots.push({ place: "rest", ...turned(battery) });
  return spots;
}

/** The site's consumers with what their meters say. */
export function loadsOf(site: Site, now: Now, elapsed: number): LoadSpot[] {
  return (site.loads ?? []).map((load) => ({
    name: load.name, title: load.title, ratedW: load.power_w, power: channelOf(site, now, elapsed, `load.${load.name}.power`),
  }));
}

function channelOf(site: Site, now: Now, elapsed: number, name: string): Aged {
  const channel = site.channels.find((one) => one.name === name);
  return channel === undefined ? ABSENT : aged(now.channels[name], channel, elapsed);
}

/** The sum of what is told; null when nothing is, stale when any part is. */
function summed(parts: Aged[]): Sum {
  const told = parts.filter((part) => numberOf(part) !== null);
  if (told.length === 0) return { powerW: null, stale: false };
  return { powerW: told.reduce((all, part) => all + numberOf(part)!, 0), stale: told.some((part) => part.quality !== "fresh") };
}

/** The same seen from the other side; never -0. */
const turned = (sum: Sum): Sum => ({ ...sum, powerW: sum.powerW === null ? null : 0 - sum.powerW });

/** What no meter tells is what the others leave. */
function remainder(spots: Spot[]): Sum {
  const known = spots.every((spot) => spot.powerW !== null);
  const powerW = 0 - spots.reduce((all, spot) => all + (spot.powerW ?? 0), 0);
  return { powerW: known ? powerW : null, stale: spots.some((spot) => spot.stale) };
}

/** Seconds a dot takes along its line: the more power, the faster. */
export const travelS = (powerW: number): number => {
  const share = Math.min(1, Math.max(0, Math.log10(Math.abs(powerW) / STILL_W) / 2.7));
  return Math.round((4.2 - 3.2 * share) * 10) / 10;
};
