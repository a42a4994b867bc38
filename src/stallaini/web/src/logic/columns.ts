import type { Columns, PackedColumn } from "../api/types.ts";

/** One series over buckets; null: no value there. Means lie between the lowest and the highest. */
export interface Column {
  name: string;
  unit: string;
  /** Decimals that its resolution deserves. */
  decimals: number;
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

/** The buckets that columns share: `firstS` is the first one's start, Unix seconds. */
export interface Grid {
  firstS: number;
  bucketS: number;
  count: number;
}

export const endOf = (grid: Grid): number => grid.firstS + grid.bucketS * grid.count;

/** Differences of whole steps as values. */
export function unpack(packed: PackedColumn): Column {
  const { name, unit, step, below, above } = packed;
  const decimals = Math.max(0, Math.round(-Math.log10(step)));
  // Multiplying by 0.1 gives 0.30000000000000004; dividing by 10 does not.
  const perUnit = 10 ** decimals;
  const column: Column = { name, unit, decimals, mean: [], min: [], max: [] };
  let steps = 0;
  let there = 0;
  for (const difference of packed.mean) {
    if (difference === null) {
      column.mean.push(null);
      column.min.push(null);
      column.max.push(null);
      continue;
    }
    steps += difference;
    column.mean.push(steps / perUnit);
    column.min.push((steps - (below?.[there] ?? 0)) / perUnit);
    column.max.push((steps + (above?.[there] ?? 0)) / perUnit);
    there += 1;
  }
  return column;
}

export const gridOf = (answer: Columns): Grid => ({ firstS: answer.first, bucketS: answer.bucket_s, count: answer.count });

/** The bucket of an instant, or null outside of all. */
export function bucketAt(grid: Grid, unixS: number): number | null {
  const index = Math.floor((unixS - grid.firstS) / grid.bucketS);
  return index >= 0 && index < grid.count ? index : null;
}

/** Buckets [from, to) that touch start..end. */
export function bucketsWithin(grid: Grid, startS: number, endS: number): [number, number] {
  const from = Math.floor((startS - grid.firstS) / grid.bucketS);
  const to = Math.ceil((endS - grid.firstS) / grid.bucketS);
  return [Math.min(grid.count, Math.max(0, from)), Math.min(grid.count, Math.max(0, to))];
}

/** What is seen as comma-separated values: a row for each bucket, times in UTC. */
export function asCsv(grid: Grid, columns: readonly Column[], startS: number, endS: number): string {
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const heads = columns.flatMap(({ name, unit }) => ["mean", "min", "max"].map((part) => quoted(`${name} ${part}${unit === "" ? "" : ` (${unit})`}`)));
  const rows = [["time", ...heads].join(",")];
  const [from, to] = bucketsWithin(grid, startS, endS);
  for (let index = from; index < to; index += 1) {
    const at = new Date((grid.firstS + index * grid.bucketS) * 1000).toISOString().replace(".000Z", "Z");
    const cell = (column: Column, value: number | null | undefined): string => (value == null ? "" : value.toFixed(column.decimals));
    rows.push([at, ...columns.flatMap((each) => [each.mean, each.min, each.max].map((part) => cell(each, part[index])))].join(","));
  }
  return `${rows.join("\r\n")}\r\n`;
}
