import { batch, computed, effect, signal } from "@preact/signals";

import { api, ApiError } from "./api/client.ts";
import { LiveFeed, type LinkState } from "./api/live.ts";
import type { Session, Site, SiteRow } from "./api/types.ts";
import { forget, keep, recall, type Kept } from "./kept.ts";
import { elapsedS, liveness, type Heard, type Liveness } from "./logic/age.ts";
import { started } from "./start.ts";

export const PAGES = ["now", "history", "loads", "alarms", "data", "site", "settings", "audit", "sites", "more"] as const;
export type Page = (typeof PAGES)[number];
export type Phase = "loading" | "login" | "unreachable" | "ready";

export const phase = signal<Phase>("loading");
export const session = signal<Session | null>(null);
export const sites = signal<SiteRow[]>([]);
export const site = signal<Site | null>(null);
export const heard = signal<Heard | null>(null);
export const link = signal<LinkState>("connecting");
/** Counts the minutes that reached the server while the page looked on. */
export const minutesHeard = signal(0);
/** Counts the changes of alarms of the chosen site while the page looked on. */
export const alarmsHeard = signal(0);

/** Seconds since the last answer; moves once a second, so that ages grow while nothing arrives. */
const tick = signal(0);
window.setInterval(() => (tick.value += 1), 1000);

export const elapsed = computed(() => {
  void tick.value;
  return heard.value === null ? 0 : elapsedS(heard.value, performance.now(), Date.now());
});

export const life = computed<Liveness | null>(() => {
  if (heard.value === null || site.value === null) return null;
  return liveness(heard.value.now, site.value.channels, elapsed.value);
});

/** The server's time now, Unix seconds: a phone with a wrong clock still asks for the right day. */
export function serverNowS(): number {
  const last = heard.peek();
  if (last === null) return Date.now() / 1000;
  return Date.parse(last.now.at) / 1000 + elapsedS(last, performance.now(), Date.now());
}

// The address keeps what is looked at, so that it can be bookmarked: #page=history&site=stallaini&span=week
const place = signal(new URLSearchParams(location.hash.slice(1)));
window.addEventListener("hashchange", () => (place.value = new URLSearchParams(location.hash.slice(1))));

export const page = computed<Page>(() => PAGES.find((each) => each === place.value.get("page")) ?? "now");

export const chosenSite = computed<string | null>(() => {
  const wished = place.value.get("site");
  const known = sites.value.map((row) => row.site);
  return wished !== null && known.includes(wished) ? wished : (known[0] ?? null);
});

function changed(change: Record<string, string>): URLSearchParams {
  const next = new URLSearchParams(place.value);
  for (const [key, value] of Object.entries(change)) next.set(key, value);
  return next;
}

/** The address of another page of the same site, or of another site: what a link points at. */
export const addressOf = (wished: Page, ofSite?: string): string =>
  `#${changed({ page: wished, ...(ofSite === undefined ? {} : { site: ofSite }) })}`;

export function go(change: Record<string, string>): void {
  const next = changed(change);
  history.replaceState(null, "", `#${next}`);
  place.value = next;
}

/** Begin with what the page itself tells; else with what was last known, with its age, until the server answers. */
export function open(): void {
  const start = started();
  if (start === null) {
    last = recall();
    if (last !== null) look(last.session, last.sites);
    void begin();
    return;
  }
  if (start.site !== null && start.now !== null) {
    // As old as the visit: the server cannot have written it before it was asked.
    last = { ...start, site: start.site, now: start.now, wallMs: Date.now() - performance.now() };
    described = start.site.site;
  }
  look(start.session, start.sites);
}

function look(who: Session, rows: SiteRow[]): void {
  batch(() => {
    session.value = who;
    sites.value = rows;
    phase.value = "ready";
  });
}

const RETRY_MS = 5_000;
let retry: number | undefined;

/** Learn who looks and which sites there are; asks for a login, or tries again, where it must. */
export async function begin(): Promise<void> {
  window.clearTimeout(retry);
  try {
    const [who, rows] = await Promise.all([api.session(), api.sites()]);
    look(who, rows);
  } catch (fault) {
    if (fault instanceof ApiError && fault.status === 401) {
      signedOut();
    } else {
      if (phase.value !== "ready") phase.value = "unreachable";
      retry = window.setTimeout(() => void begin(), RETRY_MS);
    }
  }
}

/** What a visit begins with, until the site itself is heard. */
let last: Kept | null = null;
/** The site that need not be asked what it is. */
let described: string | null = null;

export function signedOut(): void {
  forget();
  session.value = null;
  sites.value = [];
  phase.value = "login";
}

export async function signOut(): Promise<void> {
  try {
    await api.logout();
  } finally {
    signedOut();
  }
}

// One feed for the chosen site; changing the site, or signing out, ends the old one.
effect(() => {
  const name = phase.value === "ready" ? chosenSite.value : null;
  const known = last !== null && last.site.site === name ? last : null;
  last = null;
  site.value = known?.site ?? null;
  heard.value = known && { now: known.now, steadyMs: performance.now(), wallMs: known.wallMs };
  if (name === null) return undefined;
  let ended = false;
  let again: number | undefined;
  let askedAtMs = 0;
  const describe = async (): Promise<void> => {
    askedAtMs = performance.now();
    try {
      const answer = await api.site(name);
      if (!ended) site.value = answer;
    } catch (fault) {
      if (ended) return;
      if (fault instanceof ApiError && fault.status === 401) signedOut();
      else again = window.setTimeout(() => void describe(), RETRY_MS);
    }
  };
  const feed = new LiveFeed(name, {
    onNow: (now) => {
      heard.value = { now, steadyMs: performance.now(), wallMs: Date.now() };
      if (session.value !== null && site.peek() !== null) {
        keep({ session: session.value, sites: sites.value, site: site.peek()!, now, wallMs: Date.now() });
      }
      // A site tells what it is only with its first words, and anew when its site file changes.
      const known = site.peek()?.channels.length;
      const changed = known !== undefined && known !== Object.keys(now.channels).length;
      if (changed && performance.now() - askedAtMs > RETRY_MS) void describe();
    },
    onMinute: () => (minutesHeard.value += 1),
    onAlarms: () => (alarmsHeard.value += 1),
    onLink: (state) => (link.value = state),
    onSignedOut: signedOut,
  });
  if (described !== name) void describe();
  described = null;
  feed.start();
  return () => {
    ended = true;
    window.clearTimeout(again);
    feed.stop();
  };
});

const SITES_AGAIN_MS = 60_000;
window.setInterval(() => {
  if (phase.value === "ready" && sites.value.length !== 1 && !document.hidden) void begin();
}, SITES_AGAIN_MS);
