import { batteries, chartChannels } from "../logic/battery.ts";
import { go, heard, site, span, type Span } from "../state.ts";
import { words } from "../words/index.ts";
import { HistoryChart } from "./HistoryChart.tsx";
import { useHistory } from "./useHistory.ts";

const SPANS: Span[] = ["day", "week"];

export function HistoryCard() {
  const text = words();
  return (
    <section class="card history" aria-labelledby="history-title">
      <div class="card-head">
        <h2 id="history-title">{text.history}</h2>
        <div class="switch" role="group" aria-labelledby="history-title">
          {SPANS.map((each) => (
            <button key={each} type="button" aria-pressed={span.value === each} onClick={() => go({ span: each })}>
              {text[each]}
            </button>
          ))}
        </div>
      </div>
      <HistoryBody />
    </section>
  );
}

function HistoryBody() {
  const shown = site.value;
  const battery = shown === null ? undefined : batteries(shown)[0];
  // The span ends now by the server's clock, so its first word is awaited.
  if (shown === null || heard.value === null) return <div class="chart-space" aria-hidden="true" />;
  const { soc, flow } = battery === undefined ? { soc: null, flow: null } : chartChannels(shown, battery.name);
  if (soc === null && flow === null) return <p class="chart-space note">{words().noHistory}</p>;
  return <LoadedHistory key={shown.site} site={shown.site} soc={soc} flow={flow} />;
}

function LoadedHistory(props: { site: string; soc: string | null; flow: string | null }) {
  const loaded = useHistory(props.site, props.soc, props.flow, span.value);
  if (loaded === "failed") return <p class="chart-space note">{words().historyFailed}</p>;
  if (loaded === null) return <div class="chart-space" aria-hidden="true" />;
  return (
    <div class="chart-space" data-span={loaded.span} data-loading={loaded.span !== span.value}>
      <HistoryChart loaded={loaded} />
    </div>
  );
}
