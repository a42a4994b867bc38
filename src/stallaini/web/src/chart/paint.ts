import type uPlot from "uplot";

import type { Run } from "../logic/runs.ts";

const NAMES = {
  card: "--card", soft: "--soft", grid: "--grid", night: "--night", hatch: "--hatch",
  soc: "--soc", socFill: "--soc-fill", socBand: "--soc-band",
  charge: "--charge", chargeFill: "--charge-fill", chargeBand: "--charge-band",
  discharge: "--discharge", dischargeFill: "--discharge-fill", dischargeBand: "--discharge-band",
} as const;

export type Colours = Record<keyof typeof NAMES, string>;

/** The colours of the theme in use: the style sheet is the one place that knows them. */
export function colours(host: HTMLElement): Colours {
  const style = getComputedStyle(host);
  const entries = Object.entries(NAMES).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]);
  return Object.fromEntries(entries) as Colours;
}

/** One colour above zero and another below it. */
export function signGradient(plot: uPlot, above: string, below: string): CanvasGradient | string {
  const { top, height } = plot.bbox;
  const zero = plot.valToPos(0, "y", true);
  if (!Number.isFinite(zero) || height <= 0) return above;
  const share = Math.min(1, Math.max(0, (zero - top) / height));
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, above);
  gradient.addColorStop(share, above);
  gradient.addColorStop(share, below);
  gradient.addColorStop(1, below);
  return gradient;
}

/** Fill stretches of time over the full height. */
export function shade(plot: uPlot, runs: readonly Run[], style: string | CanvasPattern): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = style;
  for (const run of runs) {
    const left = Math.max(bbox.left, plot.valToPos(run.startS, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(run.endS, "x", true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

/** Slanted lines: here nothing was recorded. */
export function hatch(plot: uPlot, colour: string): CanvasPattern | string {
  const size = Math.round(8 * devicePixelRatio);
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const ctx = tile.getContext("2d")!;
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  for (const shift of [-size, 0, size]) {
    ctx.moveTo(shift, size);
    ctx.lineTo(shift + size, 0);
  }
  ctx.stroke();
  return plot.ctx.createPattern(tile, "repeat") ?? colour;
}
