import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Chart } from "../chart/chart.ts";
import type { History } from "../api/types.ts";
import { flowOf } from "../logic/battery.ts";
import { knownZone } from "../logic/zone.ts";
import { site } from "../state.ts";
import { dayAndClock } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { frameOf, partOf } from "./chartParts.ts";
import { bucketInWords, extremesInWords, indexAt } from "./readout.ts";
import type { Loaded } from "./useHistory.ts";

/** Charge above, power below, one cursor through both; each plot's caption reads it out. */
export function HistoryChart(props: { loaded: Loaded }) {
  const { loaded } = props;
  const text = words();
  const cursorS = useSignal<number | null>(null);
  const socHost = useRef<HTMLDivElement>(null);
  const flowHost = useRef<HTMLDivElement>(null);
  const chart = useChart(loaded, socHost, flowHost, (unixS) => (cursorS.value = unixS));
  const flowLabel = loaded.flow?.unit === "A" ? text.current : text.power;
  return (
    <div
      class="chart" tabIndex={0} role="group" aria-label={`${text.soc}, ${flowLabel}. ${text.chartHelp}`}
      onKeyDown={(event) => chart.current?.key(event)}
    >
      <p class="chart-when">{when(loaded, cursorS.value)}</p>
      {loaded.soc !== null && (
        <>
          <Caption label={text.soc} history={loaded.soc} cursorS={cursorS.value} signed={false} />
          <div ref={socHost} class="plot plot-soc" data-alone={loaded.flow === null} />
        </>
      )}
      {loaded.flow !== null && (
        <>
          <Caption label={flowLabel} history={loaded.flow} cursorS={cursorS.value} signed />
          <div ref={flowHost} class="plot plot-flow" />
        </>
      )}
    </div>
  );
}

type Host = { current: HTMLDivElement | null };

function useChart(loaded: Loaded, socHost: Host, flowHost: Host, onCursor: (unixS: number | null) => void): { current: Chart | null } {
  const chart = useRef<Chart | null>(null);
  const Maker = useChartMaker();
  const dark = useDark();
  const spoken = locale.value;
  // Within the same frame as the new captions, so that nothing flickers.
  useLayoutEffect(() => {
    if (Maker === null) return undefined;
    const parts = [];
    if (loaded.soc !== null) parts.push(partOf(loaded.soc, "level", socHost.current!, loaded.flow === null));
    if (loaded.flow !== null) parts.push(partOf(loaded.flow, "flow", flowHost.current!, true));
    const made = new Maker(frameOf(loaded, site.peek()!, parts[0]!.host.clientWidth), parts, onCursor);
    chart.current = made;
    return () => {
      onCursor(null);
      made.destroy();
      chart.current = null;
    };
  }, [Maker, loaded, dark, spoken]);
  return chart;
}

/** The chart's code is a file of its own, for which the present values do not wait; null until it is here. */
function useChartMaker(): typeof Chart | null {
  const [maker, setMaker] = useState<{ Chart: typeof Chart } | null>(null);
  useEffect(() => void import("../chart/chart.ts").then(setMaker), []);
  return maker?.Chart ?? null;
}

/** "Mon 16 Nov, 10:00 – Mon 23 Nov, 10:00", or the bucket under the cursor. */
function when(loaded: Loaded, cursorS: number | null): string {
  const zone = knownZone(site.value!.timezone);
  const at = (unixS: number): string => dayAndClock(locale.value, zone, unixS);
  if (cursorS === null) return `${at(loaded.startS)} – ${at(loaded.endS)}`;
  const history = (loaded.soc ?? loaded.flow)!;
  return at(history.t[indexAt(history, cursorS)] ?? cursorS);
}

function Caption(props: { label: string; history: History; cursorS: number | null; signed: boolean }) {
  const { history, cursorS, signed } = props;
  const mean = cursorS === null ? null : (history.mean[indexAt(history, cursorS)] ?? null);
  const flow = signed ? flowOf(mean) : "level";
  return (
    <p class="caption" data-flow={flow} aria-live={cursorS === null ? "off" : "polite"}>
      <span class="caption-label">{props.label}</span>
      <span class="caption-value">
        {cursorS === null ? extremesInWords(history, signed) : bucketInWords(history, cursorS, signed)}
      </span>
    </p>
  );
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
