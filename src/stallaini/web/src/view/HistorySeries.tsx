import type { Site } from "../api/types.ts";
import { bucketsWithin } from "../logic/columns.ts";
import { keptChannels, MOST_LINES } from "../logic/series.ts";
import type { View } from "../logic/view.ts";
import { historyWords } from "../words/history.ts";
import { nameOf } from "../words/index.ts";
import type { Loaded } from "./columnStore.ts";
import { extremes, plain, titleOf, withSign } from "./inHistory.ts";

type LegendProps = {
  known: Site; loaded: Loaded | null; colours: number[]; view: View; cursor: number | null; onRemove: (name: string) => void;
};

/** What each line is, and its values: under the cursor, or from the lowest to the highest seen. */
export function HistoryLegend(props: LegendProps) {
  const { known, loaded, cursor } = props;
  if (loaded === null) return <div class="history-legend" aria-hidden="true" />;
  const at = cursor !== null && cursor < loaded.grid.count ? cursor : null;
  return (
    <div class="history-legend" aria-live={at === null ? "off" : "polite"}>
      <ul>
        {loaded.columns.map((column, index) => (
          <li key={column.name} data-colour={props.colours[index]} data-channel={column.name}>
            <span class="legend-name">{titleOf(known, column.name)}</span>
            <span class="legend-value">{valueInWords(loaded, index, at, props.view)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function valueInWords(loaded: Loaded, index: number, cursor: number | null, view: View): string {
  const text = historyWords();
  const column = loaded.columns[index]!;
  const { unit } = column;
  if (cursor === null) {
    const found = extremes(column, ...bucketsWithin(loaded.grid, view.startS, view.endS));
    return found === null ? text.noData : text.between(plain(found[0], unit), withSign(found[1], unit));
  }
  const mean = column.mean[cursor] ?? null;
  if (mean === null) return text.noData;
  const [low, high] = [plain(column.min[cursor]!, unit), plain(column.max[cursor]!, unit)];
  return withSign(mean, unit) + (low === high ? "" : ` (${text.between(low, high)})`);
}

export function HistoryPicker(props: { known: Site; shown: string[]; onChoose: (channels: string[]) => void }) {
  const { known, shown, onChoose } = props;
  const text = historyWords();
  const kept = keptChannels(known);
  const devices = [...new Set(kept.map((one) => one.device))];
  const toggle = (channel: string): void =>
    onChoose(shown.includes(channel) ? shown.filter((each) => each !== channel) : [...shown, channel]);
  return (
    <details class="picker">
      <summary>{text.choose}<span class="soft">{` · ${text.most(MOST_LINES)}`}</span></summary>
      {devices.map((device) => (
        <fieldset key={device}>
          <legend>{known.devices.find((each) => each.name === device)?.title ?? device}</legend>
          {kept.filter((one) => one.device === device).map(({ channel, field }) => (
            <label key={channel}>
              <input
                type="checkbox" checked={shown.includes(channel)} disabled={!shown.includes(channel) && shown.length >= MOST_LINES}
                onChange={() => toggle(channel)}
              />
              <span>{nameOf(field)}</span>
            </label>
          ))}
        </fieldset>
      ))}
    </details>
  );
}
