import type uPlot from "uplot";

import type { Run } from "../logic/runs.ts";

/** How many lines have a colour of their own: --line-1 ... */
export const LINE_COLOURS = 6;

export interface Colours {
  card: string;
  ink: string;
  soft: string;
  grid: string;
  night: string;
  hatch: string;
  font: string;
  lines: string[];
}

/** The colours of the theme in use: the style sheet is the one place that knows them. */
export function colours(host: HTMLElement): Colours {
  const style = getComputedStyle(host);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    card: of("card"), ink: of("ink"), soft: of("soft"), grid: of("grid"), night: of("night"), hatch: of("hatch"),
    font: style.fontFamily,
    lines: Array.from({ length: LINE_COLOURS }, (_, index) => of(`line-${index + 1}`)),
  };
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

/** A word over each stretch that has room for it. */
export function label(plot: uPlot, runs: readonly Run[], text: string, paint: Colours): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px ${paint.font}`;
  ctx.fillStyle = paint.soft;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const needed = ctx.measureText(text).width + 12 * devicePixelRatio;
  for (const run of runs) {
    const left = Math.max(bbox.left, plot.valToPos(run.startS, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(run.endS, "x", true));
    if (right - left > needed) ctx.fillText(text, (left + right) / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}
