import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client.ts";
import { endOf } from "../logic/columns.ts";
import { bucketS, windowOf, type Bounds, type View } from "../logic/view.ts";
import { minutesHeard, signedOut } from "../state.ts";
import { here, load, type Loaded, type Window } from "./columnStore.ts";

/** While hands move, the server is asked at most this often. */
const REST_MS = 90;
const AGAIN_MS = 55_000;

const isSame = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join();

/** Whether what is drawn already is all that the view needs, as fine as it can be seen. */
function suffices(loaded: Loaded, names: string[], view: View, bounds: Bounds, widthPx: number): boolean {
  const { grid } = loaded;
  return (
    isSame(loaded.names, names) &&
    grid.bucketS === bucketS(view.endS - view.startS, widthPx) &&
    grid.firstS <= Math.max(view.startS, bounds.startS) &&
    endOf(grid) >= Math.min(view.endS, bounds.endS)
  );
}

/** The buckets for a view; keeps the last ones until others are here. "failed": the server refused. */
export function useColumns(site: string, names: string[], view: View, bounds: Bounds, widthPx: number): Loaded | "failed" | null {
  const [loaded, setLoaded] = useState<Loaded | "failed" | null>(null);
  const asked = useRef<{ window: Window; names: string[]; atMs: number } | null>(null);
  const drawn = loaded === "failed" ? null : loaded;
  const needed = names.length > 0 && widthPx > 0 && (drawn === null || !suffices(drawn, names, view, bounds, widthPx));

  useEffect(() => {
    if (!needed) return undefined;
    const window_ = windowOf(view, bounds, widthPx);
    const kept = here(site, window_, names);
    if (kept !== null) setLoaded(kept);
    const before = asked.current;
    const pending = before !== null && isSame(before.names, names) && before.window.startS === window_.startS && before.window.endS === window_.endS && before.window.bucketS === window_.bucketS;
    if (kept !== null || pending) return undefined;
    const waitMs = before === null ? 0 : Math.max(0, REST_MS - (performance.now() - before.atMs));
    const timer = window.setTimeout(() => void ask(window_, false), waitMs);
    return () => window.clearTimeout(timer);
  }, [site, names.join(), view.startS, view.endS, bounds.endS, widthPx, needed]);

  // A minute that came belongs to what is seen, if its end is.
  useEffect(
    () =>
      minutesHeard.subscribe(() => {
        const last = asked.current;
        if (last === null || performance.now() - last.atMs < AGAIN_MS || view.endS < bounds.endS - last.window.bucketS) return;
        void ask(windowOf(view, bounds, widthPx), true);
      }),
    [site, names.join(), view.startS, view.endS, bounds.endS, widthPx],
  );

  async function ask(wanted: Window, anew: boolean): Promise<void> {
    const mine = { window: wanted, names, atMs: performance.now() };
    asked.current = mine;
    try {
      const found = await load(site, wanted, names, anew);
      if (asked.current === mine) setLoaded(found);
    } catch (fault) {
      if (asked.current === mine) asked.current = null;
      if (fault instanceof ApiError && fault.status === 401) signedOut();
      else setLoaded((was) => was ?? "failed");
    }
  }

  return loaded;
}
