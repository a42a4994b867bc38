/** The shapes of the server's answers (docs/reference/http-api.md). */

export type SiteState = "live" | "late" | "silent" | "never";
export type Quality = "fresh" | "stale" | "absent";

export type Role = "viewer" | "operator" | "admin";

export interface Session {
  name: string;
  role: string | null;
  /** The role by site, `*` for every site; servers that know one role for all sites leave it out. */
  roles?: Record<string, Role>;
  via?: string;
  language?: string;
}

export interface SiteRow {
  site: string;
  title: string;
  timezone: string;
  state: SiteState;
  last_minute_at: string | null;
  heard_at: string | null;
}

export interface Device {
  name: string;
  kind: string;
  title: string | null;
}

export interface Channel {
  name: string;
  quantity: string;
  unit: string;
  stale_after_s: number;
}

export interface Series {
  name: string;
  channel: string;
  aggregate: string;
  unit: string;
}

export interface Load {
  name: string;
  title: string;
  power_w: number;
}

export interface Site {
  site: string;
  title: string;
  timezone: string;
  latitude: number | null;
  longitude: number | null;
  /** The oldest minute there is; null: none yet. */
  first_minute_at?: string | null;
  devices: Device[];
  channels: Channel[];
  series: Series[];
  loads: Load[];
}

export interface ChannelNow {
  value: number | boolean | null;
  unit: string;
  age_s: number | null;
  quality: Quality;
  /** What the number of a state means; nothing else has one. */
  text?: string;
}

export interface Now {
  site: string;
  /** The server's time when it answered. */
  at: string;
  state: SiteState;
  /** Age of the newest value when the server answered; null: nothing was ever heard. */
  age_s: number | null;
  channels: Record<string, ChannelNow>;
}

/** A series in whole steps: the first mean, then differences; see the server's `columns`. */
export interface PackedColumn {
  name: string;
  unit: string;
  step: number;
  mean: (number | null)[];
  below?: number[];
  above?: number[];
}

export interface Columns {
  bucket_s: number;
  /** The first bucket's start, Unix seconds. */
  first: number;
  count: number;
  columns: PackedColumn[];
}

/** A day, or a month from `day` on. */
export interface EnergyDay {
  day: string;
  minutes_present: number;
  minutes: number;
  channels: Record<string, { in_kwh: number | null; out_kwh: number | null }>;
}

export interface Energy {
  timezone: string;
  days: EnergyDay[];
}

export interface Usage {
  used_bytes: number;
  by_purpose: Record<string, number>;
}

/** The data plan of a site's link, as the site told at `at`. */
export interface BudgetTold {
  at: string;
  plan_bytes: number;
  billing_day: number;
  mode: "auto" | "minute" | "economy";
  /** From one message to the next; 0: minutes wait for the next month. */
  interval_s: number;
  /** Whose counters were read; null: the link's own datagrams alone were counted. */
  interface: string | null;
  live: { allowed: boolean; bytes_per_min: number };
  today: (Usage & { day: string }) | null;
  month: Usage & { start: string; end: string };
  forecast_bytes: number | null;
  saved: { batching_bytes: number; declined_live_bytes: number };
}

export interface Budget {
  site: string;
  timezone: string;
  told: BudgetTold | null;
}

export type AlarmState = "raised" | "acknowledged" | "snoozed" | "escalated" | "cleared";
export type Severity = "info" | "warning" | "critical";

/** One spell of trouble; `count` is how often it was raised in it. */
export interface Alarm {
  id: string;
  site: string;
  rule: string;
  severity: Severity;
  title_en: string;
  title_it: string;
  state: AlarmState;
  channel: string;
  value: number | null;
  unit: string;
  raised_at: string;
  cleared_at: string | null;
  count: number;
  acknowledged_by: string | null;
  acknowledged_at: string | null;
  snoozed_by: string | null;
  snoozed_until: string | null;
}
