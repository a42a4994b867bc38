import type { EnergyDay } from "../api/types.ts";
import { batteries } from "../logic/battery.ts";
import { dayOf, knownZone } from "../logic/zone.ts";
import { heard, serverNowS, site } from "../state.ts";
import { DASH, dayNumber, dayWeekday, number } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { useEnergy } from "./useEnergy.ts";

/** Below this share of its minutes a past day's sum is marked as incomplete. */
const COMPLETE = 0.98;

/** Energy into and out of the battery, day by day of the site's zone. */
export function EnergyCard() {
  const text = words();
  const shown = site.value;
  const battery = shown === null ? undefined : batteries(shown)[0];
  const ready = shown !== null && heard.value !== null && battery !== undefined;
  const today = ready ? dayOf(serverNowS(), knownZone(shown.timezone)) : null;
  const days = useEnergy(ready ? shown.site : null, shown?.timezone ?? "UTC", today);
  return (
    <section class="card energy" aria-labelledby="energy-title">
      <div class="card-head">
        <h2 id="energy-title">{text.energy}</h2>
        <p class="legend" aria-hidden="true">
          <span class="key-in">{text.energyIn}</span>
          <span class="key-out">{text.energyOut}</span>
          <span class="soft">kWh</span>
        </p>
      </div>
      {days === null || battery === undefined || today === null ? (
        <div class="energy-days" aria-hidden="true" />
      ) : (
        <Days days={days} channel={`${battery.name}.power`} today={today} />
      )}
    </section>
  );
}

function Days(props: { days: EnergyDay[]; channel: string; today: string }) {
  const sums = props.days.map((day) => day.channels[props.channel] ?? { in_kwh: null, out_kwh: null });
  const mostKwh = Math.max(0.1, ...sums.flatMap((sum) => [sum.in_kwh ?? 0, sum.out_kwh ?? 0]));
  return (
    <ol class="energy-days">
      {props.days.map((day, index) => (
        <DayColumn
          key={day.day} day={day} today={day.day === props.today} mostKwh={mostKwh}
          inKwh={sums[index]!.in_kwh} outKwh={sums[index]!.out_kwh}
        />
      ))}
    </ol>
  );
}

function DayColumn(props: { day: EnergyDay; today: boolean; mostKwh: number; inKwh: number | null; outKwh: number | null }) {
  const text = words();
  const { day, mostKwh, inKwh, outKwh } = props;
  const lacks = !props.today && day.minutes_present < day.minutes * COMPLETE;
  const share = number(locale.value, Math.floor((day.minutes_present / day.minutes) * 100), 0);
  const note = lacks ? text.incomplete(`${share}\u00a0%`) : "";
  return (
    <li data-incomplete={lacks} title={note}>
      <span class="bars" aria-hidden="true">
        <i class="bar-in" style={{ height: `${((inKwh ?? 0) / mostKwh) * 100}%` }} />
        <i class="bar-out" style={{ height: `${((outKwh ?? 0) / mostKwh) * 100}%` }} />
      </span>
      <span class="day-name">
        {props.today ? text.today : <>{dayWeekday(locale.value, day.day)}<span class="wide">{` ${dayNumber(day.day)}`}</span></>}
      </span>
      <Amount label={text.energyIn} kind="in" kwh={inKwh} />
      <Amount label={text.energyOut} kind="out" kwh={outKwh} />
      {lacks && <span class="unseen">{note}</span>}
    </li>
  );
}

function Amount(props: { label: string; kind: "in" | "out"; kwh: number | null }) {
  return (
    <span class={`amount amount-${props.kind}`}>
      <span class="unseen">{`${props.label} `}</span>
      {props.kwh === null ? DASH : number(locale.value, props.kwh, 1)}
      <span class="unseen"> kWh</span>
    </span>
  );
}
