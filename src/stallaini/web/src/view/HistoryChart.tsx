import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Site } from "../api/types.ts";
import { Chart } from "../chart/chart.ts";
import type { Drawn, Frame, Line } from "../chart/plot.ts";
import { endOf } from "../logic/columns.ts";
import { nights, type Run } from "../logic/runs.ts";
import { ticksOf } from "../logic/ticks.ts";
import type { Bounds, View } from "../logic/view.ts";
import { knownZone } from "../logic/zone.ts";
import { number } from "../words/format.ts";
import { historyWords } from "../words/history.ts";
import { locale } from "../words/index.ts";
import type { Loaded } from "./columnStore.ts";
import { scaleOf, tickInWords, titleOf } from "./inHistory.ts";

/** Over longer stretches nights are thinner than a pixel's worth of meaning. */
const NIGHTS_WITHIN_S = 45 * 86_400;
const LABEL_PX = { wide: 64, narrow: 46 };
const FROM_ZERO = ["W", "VA", "A", "kWh", "Ah"];

type Props = {
  loaded: Loaded; view: View; bounds: Bounds; known: Site; colours: number[]; chart: { current: Chart | null };
  onView: (view: View) => void; onCursor: (index: number | null) => void;
};

export function HistoryChart(props: Props) {
  const { loaded, view, bounds, known, colours, chart } = props;
  const host = useRef<HTMLDivElement>(null);
  const dark = useDark();
  const spoken = locale.value;
  const lineKey = loaded.names.join() + colours.join();
  const drawn = useMemo<Drawn>(() => ({ grid: loaded.grid, columns: loaded.columns, nights: nightsOf(loaded, known) }), [loaded]);
  // Made anew for other lines, colours or words; within the same frame as the legend, so that nothing flickers.
  useLayoutEffect(() => {
    const events = { onView: props.onView, onCursor: props.onCursor };
    const made = new Chart(host.current!, linesOf(loaded, colours), frameOf(known), drawn, view, bounds, events);
    chart.current = made;
    return () => {
      props.onCursor(null);
      made.destroy();
      chart.current = null;
    };
  }, [lineKey, dark, spoken]);
  useLayoutEffect(() => chart.current?.show(drawn, view, bounds), [drawn, view.startS, view.endS, bounds.endS]);
  const names = loaded.names.map((name) => titleOf(known, name)).join(", ");
  return (
    <div
      class="chart" tabIndex={0} role="group" aria-label={`${historyWords().chart}: ${names}. ${historyWords().help}`}
      onKeyDown={(event) => chart.current?.key(event)}
    >
      <div ref={host} class="plot" />
    </div>
  );
}

function nightsOf(loaded: Loaded, known: Site): Run[] {
  const { firstS } = loaded.grid;
  const endS = endOf(loaded.grid);
  if (known.latitude === null || known.longitude === null || endS - firstS > NIGHTS_WITHIN_S * 2) return [];
  return nights(firstS, endS, known.latitude, known.longitude);
}

function frameOf(known: Site): Frame {
  const zone = knownZone(known.timezone);
  return {
    ticks: (startS, endS, widthPx) => ticksOf(startS, endS, zone, widthPx, widthPx < 500 ? LABEL_PX.narrow : LABEL_PX.wide),
    tickLabel: (ticks, unixS) => tickInWords(known, ticks, unixS),
    noData: historyWords().noData,
  };
}

function linesOf(loaded: Loaded, colours: number[]): Line[] {
  return loaded.columns.map(({ unit }, index) => {
    const { factor, sign } = scaleOf(unit);
    return {
      colour: colours[index] ?? index, scale: unit === "" ? "number" : unit, sign, level: unit === "%", fromZero: FROM_ZERO.includes(unit),
      axisLabel: (value, step) => number(locale.peek(), value * factor, decimalsFor(step * factor)),
    };
  });
}

/** So many that neighbours on the axis are told as what they are: 0.25, not 0.3. */
function decimalsFor(step: number): number {
  return [0, 1, 2, 3].find((decimals) => Number.isInteger(Number((step * 10 ** decimals).toFixed(6)))) ?? 4;
}

function useDark(): boolean {
  const query = window.matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = (event: MediaQueryListEvent): void => setDark(event.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return dark;
}
