import type { History, Site } from "../api/types.ts";
import type { Frame, PlotPart } from "../chart/plot.ts";
import { nights } from "../logic/runs.ts";
import { scaleOf } from "../logic/scale.ts";
import { knownZone, wallTicks } from "../logic/zone.ts";
import { clock, number, weekday, weekdayName } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import type { Loaded } from "./useHistory.ts";

const NARROW_PX = 520;
/** A part of a day shorter than this has no room for the day's name: on wide and on narrow charts. */
const NAMED_PART_S = { wide: 36_000, narrow: 68_000 };

/** The span, its ticks in the site's time zone, and its nights. */
export function frameOf(loaded: Loaded, shown: Site, widthPx: number): Frame {
  const { startS, endS } = loaded;
  const zone = knownZone(shown.timezone);
  const narrow = widthPx < NARROW_PX;
  const week = loaded.span === "week";
  const midnights = wallTicks(startS, endS, zone, 24);
  const hours = wallTicks(startS, endS, zone, narrow ? 6 : 3);
  const dayLabel = narrow ? weekdayName : weekday;
  const placed = shown.latitude !== null && shown.longitude !== null;
  return {
    startS,
    endS,
    gridTicks: week ? midnights : hours,
    labelTicks: week ? middles([startS, ...midnights, endS], NAMED_PART_S[narrow ? "narrow" : "wide"]) : hours,
    tickLabel: (at) => (week ? dayLabel : clock)(locale.peek(), zone, at),
    nights: placed ? nights(startS, endS, shown.latitude!, shown.longitude!) : [],
    noData: words().noData,
  };
}

/** The middle of each day that is long enough, where its name stands. */
function middles(bounds: number[], leastS: number): number[] {
  return bounds.slice(1).flatMap((endS, index) => {
    const startS = bounds[index]!;
    return endS - startS < leastS ? [] : [(startS + endS) / 2];
  });
}

export function partOf(history: History, kind: "level" | "flow", host: HTMLElement, labelled: boolean): PlotPart {
  const { factor, unit } = scaleOf(history);
  const swing = Math.max(...history.max.map((value) => value ?? 0), ...history.min.map((value) => -(value ?? 0)));
  const decimals = unit === "kW" && swing < 3_000 ? 1 : 0;
  const suffix = kind === "level" ? "%" : "";
  return { host, history, kind, labelled, axisLabel: (value) => number(locale.peek(), value * factor, decimals) + suffix };
}
