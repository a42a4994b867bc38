import uPlot from "uplot";

import type { Column, Grid } from "../logic/columns.ts";
import { emptyRuns, type Run } from "../logic/runs.ts";
import type { Ticks } from "../logic/ticks.ts";
import type { View } from "../logic/view.ts";
import { colours, hatch, label, shade, type Colours } from "./paint.ts";

/** One line of a chart: which colour it has and how its axis writes values. */
export interface Line {
  colour: number;
  /** Lines of one scale share an axis. */
  scale: string;
  /** The sign of the unit, written at the axis' top. */
  sign: string;
  /** Per cent: the axis is that of the whole. */
  level: boolean;
  /** Zero belongs to the picture. */
  fromZero: boolean;
  axisLabel(value: number, stepOfAxis: number): string;
}

/** What is drawn: columns over one grid, one for each line, and the nights there. */
export interface Drawn {
  grid: Grid;
  columns: Column[];
  nights: Run[];
}

/** What a chart asks of its surroundings while it is drawn. */
export interface Frame {
  ticks(startS: number, endS: number, widthPx: number): Ticks;
  tickLabel(ticks: Ticks, unixS: number): string;
  noData: string;
}

/** Room for "−10.5" and the unit's sign: uPlot's own width clips them. */
const AXIS_PX = 38;
const SIGN_PX = 8;
const FONT_PX = 12;
const NARROW_PX = 520;
/** A little above 100 %, where a full battery's line would else be cut. */
const LEVEL_TOP = 101;
const FILL_ALPHA = "1f";
const BAND_ALPHA = "30";
const MARKER_PX = 9;

export type Data = [number[], ...(number | null)[][]];

export function dataOf(drawn: Drawn): Data {
  const { grid, columns } = drawn;
  const middles = Array.from({ length: grid.count }, (_, index) => grid.firstS + (index + 0.5) * grid.bucketS);
  return [middles, ...columns.flatMap((column) => [column.mean, column.min, column.max])];
}

/** A plot of `lines` whose contents `drawn()` gives; its view is the scale "x". */
export function makePlot(
  host: HTMLElement, lines: Line[], frame: Frame, view: View, drawn: () => Drawn, onCursor: (plot: uPlot) => void,
): uPlot {
  const paint = colours(host);
  let hatched: string | CanvasPattern | null = null;
  let runsOf: Drawn | null = null;
  let empty: Run[] = [];
  const emptyNow = (): Run[] => {
    const now = drawn();
    if (runsOf !== now) empty = emptyRuns(now.columns.map((column) => column.mean), now.grid.firstS, now.grid.bucketS, now.grid.count);
    runsOf = now;
    return empty;
  };
  const edge = (scale: string): uPlot.Series => ({ scale, width: 0, points: { show: false } });
  return new uPlot(
    {
      width: host.clientWidth,
      height: host.clientHeight,
      padding: [10, lines.length > 0 && scalesOf(lines).length > 1 ? 0 : 8, 0, 0],
      legend: { show: false },
      scales: { x: { time: true, range: (_plot, low, high) => [low, high], min: view.startS, max: view.endS }, ...scales(lines) },
      axes: [...timeAxes(frame, paint), ...valueAxes(lines, paint, host.clientWidth)],
      series: [{}, ...lines.flatMap((line, index) => [lineSeries(line, index, paint), edge(line.scale), edge(line.scale)])],
      bands: lines.map((line, index) => ({ series: [3 * index + 3, 3 * index + 2], fill: paint.lines[line.colour] + BAND_ALPHA })),
      cursor: {
        y: false,
        drag: { x: false, y: false },
        bind: { dblclick: () => null },
        points: {
          // On the means alone, not on the edges of the bands.
          size: (_plot, series) => (isMean(series) ? 10 : 0),
          width: (_plot, series) => (isMean(series) ? 2 : 0),
          stroke: paint.card,
          fill: (_plot, series) => (isMean(series) ? paint.lines[lines[(series - 1) / 3]!.colour]! : "transparent"),
        },
      },
      hooks: {
        drawClear: [(plot) => {
          shade(plot, drawn().nights, paint.night);
          shade(plot, emptyNow(), (hatched ??= hatch(plot, paint.hatch)));
        }],
        draw: [(plot) => label(plot, emptyNow(), frame.noData, paint)],
        setCursor: [onCursor],
      },
    },
    dataOf(drawn()) as uPlot.AlignedData,
    host,
  );
}

const isMean = (series: number): boolean => (series - 1) % 3 === 0;

const scalesOf = (lines: readonly Line[]): string[] => [...new Set(lines.map((line) => line.scale))];

function scales(lines: readonly Line[]): uPlot.Scales {
  const made: uPlot.Scales = {};
  for (const scale of scalesOf(lines)) {
    const line = lines.find((each) => each.scale === scale)!;
    made[scale] = { range: (_plot, low, high) => rangeOf(line, low, high) };
  }
  return made;
}

function rangeOf(line: Line, low: number | null, high: number | null): [number, number] {
  if (line.level && (low ?? 0) >= 0 && (high ?? 0) <= 100) return [0, LEVEL_TOP];
  const zero = line.fromZero ? [0] : [];
  const least = Math.min(low ?? 0, ...zero);
  const most = Math.max(high ?? 1, ...zero);
  const room = (most - least) * 0.06 || 1;
  return [least === 0 ? 0 : least - room, most === 0 ? 0 : most + room];
}

function timeAxes(frame: Frame, paint: Colours): uPlot.Axis[] {
  let shown: Ticks = { kind: "clock", at: [] };
  const splits = (plot: uPlot, _axis: number, startS: number, endS: number): number[] => {
    shown = frame.ticks(startS, endS, plot.bbox.width / devicePixelRatio);
    return shown.at;
  };
  return [
    {
      font: `${FONT_PX}px ${paint.font}`, stroke: paint.soft, ticks: { show: false }, grid: { stroke: paint.grid, width: 1 },
      size: 26, gap: 6, splits, values: (_plot, at) => at.map((unixS) => frame.tickLabel(shown, unixS)),
    },
  ];
}

/** One axis for each scale: the first on the left, the others on the right; a phone has room for two. */
function valueAxes(lines: readonly Line[], paint: Colours, widthPx: number): uPlot.Axis[] {
  const room = widthPx < NARROW_PX ? 2 : 4;
  return scalesOf(lines).map((scale, index) => {
    const own = lines.filter((line) => line.scale === scale);
    const line = own[0]!;
    return {
      scale, side: index === 0 ? 3 : 1, show: index < room,
      font: `${FONT_PX}px ${paint.font}`,
      stroke: own.length === 1 ? paint.lines[line.colour]! : paint.soft,
      ticks: { show: false },
      grid: index === 0 ? { stroke: paint.grid, width: 1 } : { show: false },
      size: AXIS_PX + SIGN_PX * line.sign.length, gap: 6, space: 34,
      ...(line.level ? { splits: (_plot: uPlot, _axis: number, low: number, high: number) => levelSplits(low, high) } : {}),
      values: (_plot, at, _axis, _space, stepOfAxis) =>
        at.map((value, place) => line.axisLabel(value, stepOfAxis) + (place === at.length - 1 && line.sign !== "" ? `\u00a0${line.sign}` : "")),
    } satisfies uPlot.Axis;
  });
}

function levelSplits(low: number, high: number): number[] {
  const step = high - low > 60 ? 25 : high - low > 25 ? 10 : 5;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}

function lineSeries(line: Line, index: number, paint: Colours): uPlot.Series {
  const stroke = paint.lines[line.colour]!;
  return {
    scale: line.scale,
    stroke,
    // Only the first line has a ground: several would hide each other.
    ...(index === 0 && (line.level || line.fromZero) ? { fill: stroke + FILL_ALPHA, fillTo: 0 } : {}),
    width: line.level ? 2 : 1.6,
    points: { size: 3.5, width: 0, fill: stroke, show: true, filter: markers },
  };
}

/** Each minute has a mark where there is room; else only a bucket between two empty ones, which has no line. */
function markers(plot: uPlot, series: number): number[] {
  const values = plot.data[series]!;
  const [from, to] = plot.series[0]!.idxs ?? [0, values.length - 1];
  const roomy = plot.bbox.width / devicePixelRatio / Math.max(1, to - from) > MARKER_PX;
  const found: number[] = [];
  for (let at = from; at <= to; at += 1) {
    if (values[at] != null && (roomy || (values[at - 1] == null && values[at + 1] == null))) found.push(at);
  }
  return found;
}
