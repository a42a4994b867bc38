import type { Channel, Device, Now, Series, Site } from "../api/types.ts";
import { ABSENT, aged, type Aged } from "./age.ts";

/** Power below this is rest: sensors of a standing battery flicker by a few watts. */
export const REST_POWER_W = 10;

/** Kinds that tell of a battery which most often has a wire of its own. */
const SECOND_HAND = ["studer_bms", "pylontech_rs485"];

export type Flow = "charging" | "discharging" | "rest" | "unknown";

export const FLAG_KINDS = ["protection", "alarm", "warning"] as const;
export type FlagKind = (typeof FLAG_KINDS)[number];

/** A raised flag of a device: `alarm.cell_over_voltage` is kind `alarm`, item `cell_over_voltage`. */
export interface Flag {
  kind: FlagKind;
  item: string;
  /** Raised when last heard, which is a while ago. */
  stale: boolean;
}

/**
 * The devices whose channels make them a battery: they report a state of charge. Where a battery speaks for
 * itself, what others tell of it makes no second one.
 */
export function batteries(site: Site): Device[] {
  const found = site.devices.filter((device) => site.channels.some((channel) => channel.name === `${device.name}.soc`));
  const own = found.filter((device) => !SECOND_HAND.includes(device.kind));
  return own.length > 0 ? own : found;
}

/** Looks up `<device>.<field>` of the latest answer, aged to this second. */
export function reader(site: Site, now: Now, elapsed: number, device: string): (field: string) => Aged {
  const channels = new Map<string, Channel>(site.channels.map((channel) => [channel.name, channel]));
  return (field) => {
    const name = `${device}.${field}`;
    return now.channels[name] ? aged(now.channels[name], channels.get(name), elapsed) : ABSENT;
  };
}

/** Which way the energy goes; positive power charges the battery. */
export function flowOf(powerW: number | null): Flow {
  if (powerW === null) return "unknown";
  if (Math.abs(powerW) < REST_POWER_W) return "rest";
  return powerW > 0 ? "charging" : "discharging";
}

export const numberOf = (value: Aged): number | null => (typeof value.value === "number" ? value.value : null);

export const flagOf = (value: Aged): boolean | null => {
  if (typeof value.value === "boolean") return value.value;
  return typeof value.value === "number" ? value.value !== 0 : null;
};

/** Raised flags, the gravest first, and whether the device reports any flag at all. */
export function raisedFlags(now: Now, site: Site, device: string, elapsed: number): { raised: Flag[]; reported: boolean } {
  const read = reader(site, now, elapsed, device);
  const raised: Flag[] = [];
  let reported = false;
  for (const kind of FLAG_KINDS) {
    const prefix = `${device}.${kind}.`;
    for (const channel of site.channels) {
      if (!channel.name.startsWith(prefix)) continue;
      const value = read(channel.name.slice(device.length + 1));
      const flag = flagOf(value);
      if (flag !== null) reported = true;
      if (flag === true) raised.push({ kind, item: channel.name.slice(prefix.length), stale: value.quality === "stale" });
    }
  }
  return { raised, reported };
}

/** The channels a battery's chart shows: charge, and power or else current. Null: no such series is kept. */
export function chartChannels(site: Site, device: string): { soc: string | null; flow: string | null } {
  const kept = new Set(site.series.map((series: Series) => series.channel));
  const first = (...fields: string[]): string | null =>
    fields.map((field) => `${device}.${field}`).find((name) => kept.has(name)) ?? null;
  return { soc: first("soc"), flow: first("power", "current") };
}
