import type { BudgetTold } from "../api/types.ts";
import { barOf, purposesOf } from "../logic/budget.ts";
import { heard, site } from "../state.ts";
import { DASH, dayInMonth, planSize, size } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { Message } from "./Message.tsx";
import { useBudget } from "./useBudget.ts";

/** What the link's data plan allows, what was used of it, and what live values cost. */
export function BudgetCard() {
  const text = words();
  const ready = site.value !== null && heard.value !== null;
  const told = useBudget(ready ? site.value!.site : null);
  if (told === undefined) return <div class="page-space" aria-hidden="true" />;
  if (told === null) return <Message title={text.dataUntold} note={text.dataUntoldNote} />;
  const { mode, interval_s: intervalS } = told;
  return (
    <section class="card budget" aria-labelledby="budget-title">
      <div class="card-head">
        <h3 id="budget-title">{text.dataPlan}</h3>
        <p class="soft">{intervalS === 60 ? text.dataEveryMinute : text.dataEvery(intervalS)}{` · ${text.dataMode[mode]}`}</p>
      </div>
      <Month told={told} />
      <Figures told={told} />
      <p class="budget-note">{liveNote(told)}</p>
      {told.interface === null && <p class="budget-note">{text.dataOwnOnly}</p>}
    </section>
  );
}

function Month(props: { told: BudgetTold }) {
  const text = words();
  const { month, plan_bytes: planBytes } = props.told;
  const bar = barOf(props.told);
  const sum = text.dataOf(size(locale.value, month.used_bytes), planSize(locale.value, planBytes));
  return (
    <>
      <p class="budget-sum">{sum}</p>
      <div class="budget-bar" data-over={bar.over} aria-hidden="true">
        <i class="budget-foreseen" style={{ width: `${bar.foreseen}%` }} />
        <i class="budget-used" style={{ width: `${bar.used}%` }} />
        {bar.over && <i class="budget-plan" style={{ left: `${bar.plan}%` }} />}
      </div>
    </>
  );
}

function Figures(props: { told: BudgetTold }) {
  const text = words();
  const { told } = props;
  const bytes = (value: number | null | undefined): string => (value == null ? DASH : size(locale.value, value));
  const { batching_bytes: batching, declined_live_bytes: live } = told.saved;
  return (
    <dl class="budget-figures">
      <Figure name={text.today}>{bytes(told.today?.used_bytes)}</Figure>
      <Figure name={text.dataForecast} note={text.dataMonth(dayInMonth(locale.value, told.month.start), dayInMonth(locale.value, told.month.end, -1))}>
        {bytes(told.forecast_bytes)}
      </Figure>
      <Figure name={text.dataPurposes} wide>
        {purposesOf(told).map(([purpose, used]) => `${text.purpose[purpose] ?? purpose} ${bytes(used)}`).join(" · ") || DASH}
      </Figure>
      {batching + live > 0 && <Figure name={text.dataSaved} wide>{text.dataSavedHow(bytes(batching), bytes(live))}</Figure>}
    </dl>
  );
}

function Figure(props: { name: string; note?: string; wide?: boolean; children: preact.ComponentChildren }) {
  return (
    <div class="budget-figure" data-wide={props.wide ?? false}>
      <dt>{props.name}</dt>
      <dd>{props.children}{props.note !== undefined && <span class="soft">{props.note}</span>}</dd>
    </div>
  );
}

function liveNote(told: BudgetTold): string {
  const text = words();
  const price = size(locale.value, told.live.bytes_per_min);
  return told.live.allowed ? text.dataLive(price) : text.dataLiveDeclined(price);
}
