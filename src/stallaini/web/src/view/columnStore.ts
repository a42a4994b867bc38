import { api } from "../api/client.ts";
import { gridOf, unpack, type Column, type Grid } from "../logic/columns.ts";
import type { View } from "../logic/view.ts";

/** A stretch in buckets, and the columns asked for over it. */
export interface Loaded {
  names: string[];
  grid: Grid;
  columns: Column[];
}

export type Window = View & { bucketS: number };

interface Entry {
  grid: Grid;
  column: Column;
  loadedMs: number;
}

const MOST_ENTRIES = 80;
const entries = new Map<string, Entry>();

const keyOf = (site: string, window: Window, name: string): string => `${site} ${window.bucketS} ${window.startS} ${window.endS} ${name}`;

/** What is here already of a window; null unless all of it is. */
export function here(site: string, window: Window, names: string[]): (Loaded & { loadedMs: number }) | null {
  const found = names.map((name) => entries.get(keyOf(site, window, name)));
  if (found.length === 0 || found.some((entry) => entry === undefined)) return null;
  const all = found as Entry[];
  return { names, grid: all[0]!.grid, columns: all.map((entry) => entry.column), loadedMs: Math.min(...all.map((entry) => entry.loadedMs)) };
}

/** Ask the server for a window; only for the names that are not here, unless `anew`. */
export async function load(site: string, window: Window, names: string[], anew: boolean): Promise<Loaded> {
  const missing = anew ? names : names.filter((name) => !entries.has(keyOf(site, window, name)));
  if (missing.length > 0) {
    const points = Math.round((window.endS - window.startS) / window.bucketS);
    const answer = await api.columns(site, missing, window.startS, window.endS, points);
    const grid = gridOf(answer);
    const loadedMs = performance.now();
    for (const packed of answer.columns) {
      const key = keyOf(site, window, packed.name);
      entries.delete(key);
      entries.set(key, { grid, column: unpack(packed), loadedMs });
    }
    for (const key of entries.keys()) {
      if (entries.size <= MOST_ENTRIES) break;
      entries.delete(key);
    }
  }
  return here(site, window, names)!;
}
