import type { Site } from "../api/types.ts";
import { batteries, chartChannels } from "./battery.ts";

/** So many lines can be told apart. */
export const MOST_LINES = 6;

export interface Kept {
  channel: string;
  device: string;
  /** The channel's name without its device. */
  field: string;
  unit: string;
}

/** The channels that have a past, in the order of the site's devices; flags are told elsewhere. */
export function keptChannels(site: Site): Kept[] {
  const flags = new Set(site.channels.filter((channel) => channel.quantity === "flag").map((channel) => channel.name));
  const found = new Map<string, Kept>();
  for (const { channel, unit } of site.series) {
    const dot = channel.indexOf(".");
    if (!flags.has(channel)) found.set(channel, { channel, device: channel.slice(0, dot), field: channel.slice(dot + 1), unit });
  }
  const order = site.devices.map((device) => device.name);
  return [...found.values()].sort((one, other) => order.indexOf(one.device) - order.indexOf(other.device));
}

/** What is shown until somebody chooses: charge and power of the battery, the sun, the house. */
export function firstChoice(site: Site): string[] {
  const kept = keptChannels(site);
  const battery = batteries(site)[0]?.name;
  const { soc, flow } = battery === undefined ? { soc: null, flow: null } : chartChannels(site, battery);
  const isSun = (one: Kept): boolean => one.field === "power" && /variotrack|variostring|solar|pv/.test(kindOf(site, one.device) + one.device);
  const sun = kept.find(isSun)?.channel ?? null;
  const house = kept.find((one) => one.field === "ac_power")?.channel ?? null;
  const chosen = [soc, flow, sun, house].filter((channel) => channel !== null);
  return chosen.length > 0 ? chosen : kept.slice(0, 1).map((one) => one.channel);
}

const kindOf = (site: Site, device: string): string => site.devices.find((each) => each.name === device)?.kind ?? "";

/** What a field most often is has always the same colour: charge, the battery's power, the sun, the house. */
const WISHED: [RegExp, number][] = [[/\.soc$/, 0], [/^(solar|pv|sun|mppt)\S*\.power$/, 2], [/\.(ac_power|load_power)$/, 3], [/\.(power|current)$/, 1]];

/** Each channel's colour (0 ...); no two have the same. */
export function coloursOf(channels: readonly string[]): number[] {
  const taken = new Set<number>();
  const found = channels.map((channel) => {
    const wished = WISHED.find(([pattern]) => pattern.test(channel))?.[1];
    if (wished === undefined || taken.has(wished)) return null;
    taken.add(wished);
    return wished;
  });
  return found.map((colour) => {
    if (colour !== null) return colour;
    const free = Array.from({ length: MOST_LINES }, (_, index) => index).find((index) => !taken.has(index)) ?? 0;
    taken.add(free);
    return free;
  });
}
