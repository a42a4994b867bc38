import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Site } from "../api/types.ts";
import type { Chart } from "../chart/chart.ts";
import { coloursOf, keptChannels } from "../logic/series.ts";
import { clamped, moved, SPANS, spanView, type Bounds, type View } from "../logic/view.ts";
import { heard, minutesHeard, serverNowS, site } from "../state.ts";
import { historyWords } from "../words/history.ts";
import type { Loaded } from "./columnStore.ts";
import { HistoryChart } from "./HistoryChart.tsx";
import { choose, chooseSpan, look, ownView, shown, span } from "./historyPlace.ts";
import { HistoryLegend, HistoryPicker } from "./HistorySeries.tsx";
import { saveCsv, savePng } from "./historyFiles.ts";
import { bucketInWords, viewInWords } from "./inHistory.ts";
import { useColumns } from "./useColumns.ts";

const YEARS_S = 3 * 365 * 86_400;
const ZOOM = 0.5;

/** The past of any series: chosen, dragged, zoomed, saved. */
export function HistoryCard() {
  const text = historyWords();
  const own = ownView.value !== null;
  return (
    <section class="card history" aria-labelledby="history-title">
      <div class="card-head">
        <h2 id="history-title">{text.chart}</h2>
        <div class="switch spans" role="group" aria-label={text.span}>
          {SPANS.map((each) => (
            <button key={each} type="button" aria-pressed={!own && span.value === each} onClick={() => chooseSpan(each)}>
              {text.spans[each]}
            </button>
          ))}
        </div>
      </div>
      <Body />
    </section>
  );
}

function Body() {
  const known = site.value;
  // The span ends now by the server's clock, so its first word is awaited.
  if (known === null || heard.value === null) return <div class="chart-space" aria-hidden="true" />;
  if (keptChannels(known).length === 0) return <p class="chart-space note">{historyWords().none}</p>;
  return <Explorer key={known.site} known={known} />;
}

/** From the first minute to now; moves on with each minute that is heard. */
function useBounds(known: Site): Bounds {
  const [endS, setEndS] = useState(() => Math.ceil(serverNowS() / 60) * 60);
  useEffect(() => minutesHeard.subscribe(() => setEndS(Math.ceil(serverNowS() / 60) * 60)), []);
  const first = known.first_minute_at;
  const startS = first == null ? endS - YEARS_S : Date.parse(first) / 1000;
  return { startS, endS };
}

function Explorer(props: { known: Site }) {
  const { known } = props;
  const bounds = useBounds(known);
  const view = ownView.value === null ? spanView(span.value, bounds) : clamped(ownView.value, bounds);
  const [widthPx, setWidthPx] = useState(0);
  const host = useRef<HTMLDivElement>(null);
  useWidth(host, setWidthPx);
  const loaded = useColumns(known.site, shown.value, view, bounds, widthPx);
  const cursor = useSignal<number | null>(null);
  const chart = useRef<Chart | null>(null);
  const drawn = loaded === "failed" ? null : loaded;
  const colours = useMemo(() => coloursOf(drawn?.names ?? []), [drawn?.names.join()]);
  return (
    <>
      <Bar view={view} bounds={bounds} loaded={drawn} chart={chart} known={known} colours={colours} cursor={cursor} />
      <HistoryLegend known={known} loaded={drawn} colours={colours} view={view} cursor={cursor.value} onRemove={(name) => choose(shown.value.filter((each) => each !== name))} />
      <div ref={host} class="chart-space" data-span={ownView.value === null ? span.value : "own"} data-loading={drawn === null} data-bucket={drawn?.grid.bucketS}>
        <Space loaded={loaded} view={view} bounds={bounds} known={known} colours={colours} chart={chart} onCursor={(index) => (cursor.value = index)} />
      </div>
      <HistoryPicker known={known} shown={shown.value} onChoose={choose} />
    </>
  );
}

type SpaceProps = {
  loaded: Loaded | "failed" | null; view: View; bounds: Bounds; known: Site; colours: number[];
  chart: { current: Chart | null }; onCursor: (index: number | null) => void;
};

function Space(props: SpaceProps) {
  const { loaded } = props;
  if (shown.value.length === 0) return <p class="note">{historyWords().empty}</p>;
  if (loaded === "failed") return <p class="note">{historyWords().failed}</p>;
  if (loaded === null) return null;
  return <HistoryChart {...props} loaded={loaded} onView={look} />;
}

function useWidth(host: { current: HTMLElement | null }, onWidth: (px: number) => void): void {
  useEffect(() => {
    const watch = new ResizeObserver(() => onWidth(host.current?.clientWidth ?? 0));
    watch.observe(host.current!);
    return () => watch.disconnect();
  }, []);
}

function Bar(props: { view: View; bounds: Bounds; loaded: Loaded | null; chart: { current: Chart | null }; known: Site; colours: number[]; cursor: Signal<number | null> }) {
  const { view, bounds, loaded, chart, known, colours } = props;
  const text = historyWords();
  const spanS = view.endS - view.startS;
  const file = { known, view, colours };
  return (
    <div class="history-bar">
      <div class="tool-group">
        <Tool label={text.earlier} path="M12 4 6 10l6 6" off={view.startS <= bounds.startS} onClick={() => look(moved(view, -spanS, bounds))} />
        <Tool label={text.later} path="m8 4 6 6-6 6" off={view.endS >= bounds.endS} onClick={() => look(moved(view, spanS, bounds))} />
      </div>
      <When known={known} view={view} loaded={loaded} cursor={props.cursor} />
      <div class="tool-group">
        <Tool label={text.zoomOut} path="M5 10h10" onClick={() => chart.current?.zoom(1 / ZOOM)} />
        <Tool label={text.zoomIn} path="M5 10h10M10 5v10" onClick={() => chart.current?.zoom(ZOOM)} />
      </div>
      <div class="tool-group">
        <button class="mini" type="button" aria-label={text.saveCsv} title={text.saveCsv} disabled={loaded === null} onClick={() => saveCsv(file, loaded!)}>{text.csv}</button>
        <button class="mini" type="button" aria-label={text.savePng} title={text.savePng} disabled={loaded === null} onClick={() => void savePng(file, loaded!, chart.current!)}>{text.png}</button>
      </div>
    </div>
  );
}

/** What is seen; under the cursor, the bucket's own time. */
function When(props: { known: Site; view: View; loaded: Loaded | null; cursor: Signal<number | null> }) {
  const { known, view, loaded } = props;
  const at = props.cursor.value;
  const said = at === null || loaded === null || at >= loaded.grid.count
    ? viewInWords(known, view)
    : bucketInWords(known, loaded.grid.firstS + at * loaded.grid.bucketS, loaded.grid.bucketS);
  return <p class="chart-when" data-cursor={at !== null} aria-live="polite">{said}</p>;
}

function Tool(props: { label: string; path: string; off?: boolean; onClick: () => void }) {
  return (
    <button class="mini" type="button" aria-label={props.label} title={props.label} disabled={props.off} onClick={props.onClick}>
      <svg viewBox="0 0 20 20" aria-hidden="true"><path d={props.path} /></svg>
    </button>
  );
}
