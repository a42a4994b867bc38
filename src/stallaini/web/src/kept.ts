import type { Now, Session, Site, SiteRow } from "./api/types.ts";

/** What was last known of a site, for a start without a server; `wallMs` is this machine's clock then. */
export interface Kept {
  session: Session;
  sites: SiteRow[];
  site: Site;
  now: Now;
  wallMs: number;
}

const KEPT_AS = "stallaini.last";
const AT_MOST_EACH_MS = 10_000;

let savedMs = -Infinity;

/** Keep the newest state; not at every word, for it is written to the disk. */
export function keep(state: Kept): void {
  if (performance.now() - savedMs < AT_MOST_EACH_MS) return;
  savedMs = performance.now();
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(state));
  } catch {
    // Without room the page works, only not without a server.
  }
}

export function recall(): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

/** Who signed out leaves nothing behind. */
export function forget(): void {
  savedMs = -Infinity;
  try {
    localStorage.removeItem(KEPT_AS);
  } catch {
    // nothing could be kept there either
  }
}
