import type { Site } from "../api/types.ts";
import type { Chart } from "../chart/chart.ts";
import { asPng, save } from "../chart/picture.ts";
import { asCsv } from "../logic/columns.ts";
import type { View } from "../logic/view.ts";
import type { Loaded } from "./columnStore.ts";
import { scaleOf, titleOf, viewInWords } from "./inHistory.ts";

interface Seen {
  known: Site;
  view: View;
  colours: number[];
}

/** "noto-20261116T0800Z-20261117T0800Z.csv" */
function fileName({ known, view }: Seen, kind: string): string {
  const at = (unixS: number): string => `${new Date(unixS * 1000).toISOString().slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
  return `${known.site}-${at(view.startS)}-${at(view.endS)}.${kind}`;
}

export function saveCsv(seen: Seen, loaded: Loaded): void {
  const text = asCsv(loaded.grid, loaded.columns, seen.view.startS, seen.view.endS);
  save(new Blob([text], { type: "text/csv" }), fileName(seen, "csv"));
}

export async function savePng(seen: Seen, loaded: Loaded, chart: Chart): Promise<void> {
  const { known } = seen;
  const lines = loaded.columns.map(({ name, unit }, index) => {
    const { sign } = scaleOf(unit);
    return { label: titleOf(known, name) + (sign === "" ? "" : ` (${sign})`), colour: seen.colours[index]! };
  });
  save(await asPng(chart.canvas, chart.canvas.parentElement!, known.title, viewInWords(known, seen.view), lines), fileName(seen, "png"));
}
