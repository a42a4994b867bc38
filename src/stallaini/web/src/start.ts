import type { Now, Session, Site, SiteRow } from "./api/types.ts";

/** What the server told in the page itself (`server/api/start.py`), sparing the first questions. */
interface Start {
  session: Session;
  sites: SiteRow[];
  site: Site | null;
  now: Now | null;
}

/** Null where the page came without: nobody has signed in, or the frame was kept from another time. */
export function started(): Start | null {
  const text = document.getElementById("start")?.textContent ?? "";
  return text === "" ? null : (JSON.parse(text) as Start);
}
