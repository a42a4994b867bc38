import { useState } from "preact/hooks";

import type { EnergyDay, Site } from "../api/types.ts";
import { batteries } from "../logic/battery.ts";
import { BYS, type By } from "../logic/energy.ts";
import { dayOf, knownZone } from "../logic/zone.ts";
import { heard, serverNowS, site } from "../state.ts";
import { DASH, dayInMonth, dayNumber, dayWeekday, monthName, number } from "../words/format.ts";
import { historyWords } from "../words/history.ts";
import { locale } from "../words/index.ts";
import { titleOf } from "./inHistory.ts";
import { useEnergy, type LoadedEnergy } from "./useEnergy.ts";

/** Below this share of its minutes a past day's or month's sum is marked as incomplete. */
const COMPLETE = 0.98;

/** Energy into and out of the battery, or of another power channel, by day or by month of the site's zone. */
export function EnergyCard() {
  const text = historyWords();
  const known = site.value;
  const channels = known === null ? [] : powerChannels(known);
  const [by, setBy] = useState<By>("days");
  const [wished, setWished] = useState<string | null>(null);
  const channel = channels.find((each) => each === wished) ?? channels[0];
  return (
    <section class="card energy" aria-labelledby="energy-title">
      <div class="card-head">
        <h2 id="energy-title">{text.energy}<span class="soft unit-note"> kWh</span></h2>
        <div class="switch" role="group" aria-labelledby="energy-title">
          {BYS.map((each) => (
            <button key={each} type="button" aria-pressed={by === each} onClick={() => setBy(each)}>{text.by[each]}</button>
          ))}
        </div>
      </div>
      {known !== null && channels.length > 1 && (
        <select class="energy-of" aria-label={text.of} value={channel} onChange={(event) => setWished(event.currentTarget.value)}>
          {channels.map((each) => <option key={each} value={each}>{titleOf(known, each)}</option>)}
        </select>
      )}
      {known === null || heard.value === null || channel === undefined
        ? <div class="energy-space" aria-hidden="true" />
        : <Loaded known={known} by={by} channel={channel} />}
    </section>
  );
}

/** The battery's power first, then the others that have a mean of each minute. */
function powerChannels(known: Site): string[] {
  const battery = batteries(known)[0]?.name;
  const power = new Set(known.channels.filter((channel) => channel.quantity === "power").map((channel) => channel.name));
  const kept = known.series.filter((one) => one.aggregate === "mean" && power.has(one.channel)).map((one) => one.channel);
  const own = `${battery}.power`;
  return [...kept.filter((channel) => channel === own), ...kept.filter((channel) => channel !== own)];
}

function Loaded(props: { known: Site; by: By; channel: string }) {
  const { known, by, channel } = props;
  const today = dayOf(serverNowS(), knownZone(known.timezone));
  const loaded = useEnergy(known.site, known.timezone, today, by, channel);
  if (loaded === null) return <div class="energy-space" aria-hidden="true" />;
  return <Bars loaded={loaded} today={today} waiting={loaded.by !== by || loaded.channel !== channel} />;
}

type Sum = { in_kwh: number | null; out_kwh: number | null };

function Bars(props: { loaded: LoadedEnergy; today: string; waiting: boolean }) {
  const { loaded, today } = props;
  const text = historyWords();
  const sums = loaded.days.map((day): Sum => day.channels[loaded.channel] ?? { in_kwh: null, out_kwh: null });
  const total = (way: keyof Sum): number => sums.reduce((sum, each) => sum + (each[way] ?? 0), 0);
  const bothWays = total("out_kwh") > 0;
  const mostKwh = Math.max(0.1, ...sums.flatMap((sum) => [sum.in_kwh ?? 0, sum.out_kwh ?? 0]));
  return (
    <div class="energy-space" data-by={loaded.by} data-waiting={props.waiting}>
      <p class="legend">
        <span class="key-in">{`${bothWays ? text.into : text.total} ${number(locale.value, total("in_kwh"), 1)}`}</span>
        {bothWays && <span class="key-out">{`${text.outOf} ${number(locale.value, total("out_kwh"), 1)}`}</span>}
      </p>
      <ol class="energy-days" data-many={loaded.by === "month"}>
        {loaded.days.map((day, index) => (
          <Bar key={day.day} day={day} by={loaded.by} today={today} mostKwh={mostKwh} sum={sums[index]!} bothWays={bothWays} />
        ))}
      </ol>
    </div>
  );
}

function Bar(props: { day: EnergyDay; by: By; today: string; mostKwh: number; sum: Sum; bothWays: boolean }) {
  const text = historyWords();
  const { day, by, today, mostKwh, sum, bothWays } = props;
  const present = by === "year" ? day.day.slice(0, 7) === today.slice(0, 7) : day.day === today;
  const lacks = !present && day.minutes_present < day.minutes * COMPLETE;
  const note = lacks ? text.incomplete(`${Math.floor((day.minutes_present / day.minutes) * 100)}\u00a0%`) : "";
  const said = (kwh: number | null): string => (kwh === null ? DASH : number(locale.value, kwh, kwh >= 99.95 ? 0 : 1));
  const ways: [string, "in" | "out", number | null][] = [[bothWays ? text.into : text.produced, "in", sum.in_kwh]];
  if (bothWays) ways.push([text.outOf, "out", sum.out_kwh]);
  const title = [dayTitle(by, day.day), ...ways.map(([word, , kwh]) => `${word} ${said(kwh)} kWh`), note].filter((part) => part !== "").join(", ");
  return (
    <li data-incomplete={lacks} title={title}>
      <span class="bars" aria-hidden="true">
        {ways.map(([, way, kwh]) => <i key={way} class={`bar-${way}`} style={{ height: `${((kwh ?? 0) / mostKwh) * 100}%` }} />)}
      </span>
      <DayName by={by} day={day.day} present={present} />
      {ways.map(([word, way, kwh]) => (
        <span key={way} class={`amount amount-${way}`}>
          <span class="unseen">{`${word} `}</span>{said(kwh)}<span class="unseen"> kWh</span>
        </span>
      ))}
      {lacks && <span class="unseen">{note}</span>}
    </li>
  );
}

const dayTitle = (by: By, day: string): string => (by === "year" ? monthName(locale.value, "UTC", Date.parse(day) / 1000) : dayInMonth(locale.value, day));

function DayName({ by, day, present }: { by: By; day: string; present: boolean }) {
  if (by === "year") return <span class="day-name">{dayTitle(by, day)}</span>;
  if (by === "month") return <span class="day-name">{dayNumber(day)}</span>;
  if (present) return <span class="day-name">{historyWords().today}</span>;
  return <span class="day-name">{dayWeekday(locale.value, day)}<span class="wide">{` ${dayNumber(day)}`}</span></span>;
}
