import uPlot from "uplot";

import type { History } from "../api/types.ts";
import { emptyRuns, type Run } from "../logic/runs.ts";
import { colours, hatch, shade, signGradient, type Colours } from "./paint.ts";

/** What both plots of a history chart share: the span, its ticks and what lies behind the lines. */
export interface Frame {
  startS: number;
  endS: number;
  gridTicks: number[];
  labelTicks: number[];
  tickLabel(unixS: number): string;
  nights: Run[];
  noData: string;
}

/** One plot: a column of buckets, its vertical scale and how its line is painted. */
export interface PlotPart {
  host: HTMLElement;
  history: History;
  kind: "level" | "flow";
  labelled: boolean;
  axisLabel(value: number): string;
}

/** Room for "−10.5" at the axis' font: uPlot's own width clips the minus sign. */
const AXIS_PX = 42;
const FONT = "12px system-ui, sans-serif";
const LEAST_SWING = 100;
/** A little above 100 %, where a full battery's line would else be cut. */
const LEVEL_TOP = 101;

export function makePlot(frame: Frame, part: PlotPart, sync: string, onCursor: (plot: uPlot) => void): uPlot {
  const { host } = part;
  const paint = colours(host);
  const { t, mean, min, max, bucket_s } = part.history;
  const middles = t.map((startS) => startS + bucket_s / 2);
  const empty = emptyRuns(t, mean, bucket_s, frame.startS, frame.endS);
  const edge: uPlot.Series = { width: 0, points: { show: false } };
  return new uPlot(
    {
      width: host.clientWidth,
      height: host.clientHeight,
      padding: [6, 6, 0, 0],
      legend: { show: false },
      scales: { x: { time: true, range: [frame.startS, frame.endS] }, y: { range: part.kind === "level" ? [0, LEVEL_TOP] : flowRange } },
      axes: axes(frame, part, paint),
      series: [{}, line(part, paint), edge, edge],
      bands: [{ series: [3, 2], fill: bandFill(part, paint) }],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: sync, setSeries: false },
        points: { size: 9, width: 2, stroke: paint.card, fill: (plot, index) => pointFill(plot, index, part, paint) },
      },
      hooks: {
        drawClear: [(plot) => {
          shade(plot, frame.nights, paint.night);
          shade(plot, empty, hatch(plot, paint.hatch));
        }],
        draw: [(plot) => labelEmpty(plot, empty, frame.noData, paint)],
        setCursor: [onCursor],
      },
    },
    [middles, mean, min, max],
    host,
  );
}

function flowRange(_plot: uPlot, low: number | null, high: number | null): [number, number] {
  const reach = (value: number): number => value * 1.08;
  return [Math.min(-LEAST_SWING, reach(low ?? 0)), Math.max(LEAST_SWING, reach(high ?? 0))];
}

function axes(frame: Frame, part: PlotPart, paint: Colours): uPlot.Axis[] {
  const grid = { stroke: paint.grid, width: 1 };
  const common = { font: FONT, stroke: paint.soft, ticks: { show: false } };
  return [
    { ...common, grid, size: 4, splits: () => frame.gridTicks, values: (_plot, at) => at.map(() => "") },
    {
      ...common, grid, size: AXIS_PX, gap: 6, space: 28,
      ...(part.kind === "level" ? { splits: () => [0, 25, 50, 75, 100] } : {}),
      values: (_plot, at) => at.map((value) => part.axisLabel(value)),
    },
    {
      ...common, scale: "x", side: 2, size: part.labelled ? 22 : 0, gap: 2, grid: { show: false },
      splits: () => frame.labelTicks, values: (_plot, at) => at.map((unixS) => (part.labelled ? frame.tickLabel(unixS) : "")),
    },
  ];
}

function line(part: PlotPart, paint: Colours): uPlot.Series {
  const points: uPlot.Series.Points = { size: 3, width: 0, filter: lonely, show: true };
  if (part.kind === "level") return { stroke: paint.soc, fill: paint.socFill, width: 2, points: { ...points, fill: paint.soc } };
  return {
    stroke: (plot) => signGradient(plot, paint.charge, paint.discharge),
    fill: (plot) => signGradient(plot, paint.chargeFill, paint.dischargeFill),
    fillTo: 0,
    width: 1.5,
    points: { ...points, fill: paint.soft },
  };
}

/** Between the extremes of each bucket. */
function bandFill(part: PlotPart, paint: Colours): uPlot.Series.Fill {
  if (part.kind === "level") return paint.socBand;
  return (plot) => signGradient(plot, paint.chargeBand, paint.dischargeBand);
}

/** A bucket between two empty ones has no line; it is drawn as a point. */
function lonely(plot: uPlot, series: number): number[] {
  const values = plot.data[series]!;
  const found: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) found.push(at);
  }
  return found;
}

function pointFill(plot: uPlot, series: number, part: PlotPart, paint: Colours): string {
  if (series !== 1) return "transparent";
  if (part.kind === "level") return paint.soc;
  const value = plot.data[1]![plot.cursor.idx ?? 0] ?? 0;
  return value >= 0 ? paint.charge : paint.discharge;
}

function labelEmpty(plot: uPlot, runs: readonly Run[], text: string, paint: Colours): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = paint.soft;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const needed = ctx.measureText(text).width + 12 * devicePixelRatio;
  for (const run of runs) {
    const left = plot.valToPos(run.startS, "x", true);
    const right = plot.valToPos(run.endS, "x", true);
    if (right - left > needed) ctx.fillText(text, (left + right) / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}
