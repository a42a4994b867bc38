import "../style/alarms.css";

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { alarms, loadAlarms } from "../alarms.ts";
import { acknowledge, snooze } from "../api/alarms.ts";
import { api } from "../api/client.ts";
import type { Alarm } from "../api/types.ts";
import { may } from "../logic/roles.ts";
import { dayOf, knownZone } from "../logic/zone.ts";
import { elapsed, chosenSite, serverNowS, session, site } from "../state.ts";
import { age, clock, dayAndClock, withUnit } from "../words/format.ts";
import { chosen, language, locale, words } from "../words/index.ts";
import { alarmTexts } from "../words/pages/alarms.ts";
import { FlagIcon } from "./Flags.tsx";

/** What is wrong now, what to do about it, and what was wrong. */
export default function AlarmsPage() {
  const text = chosen(alarmTexts);
  const past = usePast(chosenSite.value);
  const open = alarms.value;
  void elapsed.value;
  return (
    <div class="column column-whole">
      {open === null && <p class="card message"><span class="soft">{past === "failed" ? text.failed : past === null ? words().loading : text.unknown}</span></p>}
      {open !== null && open.length === 0 && <Quiet />}
      {open !== null && open.length > 0 && (
        <ul class="alarms">{gravestFirst(open).map((alarm) => <OpenAlarm key={alarm.id} alarm={alarm} />)}</ul>
      )}
      {Array.isArray(past) && past.length > 0 && <Past alarms={past} />}
    </div>
  );
}

const RANK = ["critical", "warning", "info"];

/** The gravest first; of the same gravity the newest, as the server lists them. */
const gravestFirst = (open: Alarm[]): Alarm[] =>
  [...open].sort((one, other) => RANK.indexOf(one.severity) - RANK.indexOf(other.severity));

/** Alarms that are over, newest first; asked anew when the open ones change. */
function usePast(name: string | null): Alarm[] | "failed" | null {
  const found = useSignal<Alarm[] | "failed" | null>(null);
  const open = alarms.value?.map((alarm) => alarm.id).join() ?? null;
  useEffect(() => {
    if (name === null) return undefined;
    let ended = false;
    api.alarms(name, "all").then(
      (all) => !ended && (found.value = all.filter((alarm) => alarm.state === "cleared")),
      () => !ended && (found.value = "failed"),
    );
    return () => {
      ended = true;
    };
  }, [name, open]);
  return found.value;
}

function Quiet() {
  const text = chosen(alarmTexts);
  return (
    <section class="card message alarms-none">
      <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9" /><path d="m8 12.500 3 3 5.500-6.500" /></svg>
      <h3>{text.none}</h3>
      <p>{text.noneNote}</p>
    </section>
  );
}

function OpenAlarm(props: { alarm: Alarm }) {
  const { alarm } = props;
  const text = chosen(alarmTexts);
  const fault = useSignal("");
  const act = async (doing: Promise<Alarm>): Promise<void> => {
    fault.value = "";
    try {
      await doing;
    } catch (refusal) {
      fault.value = text.refused((refusal as Error).message);
    }
    await loadAlarms();
  };
  const title = titleOf(alarm);
  return (
    <li class="card alarm" data-severity={alarm.severity} data-state={alarm.state}>
      <div class="alarm-head">
        <span class="alarm-icon"><FlagIcon /></span>
        <div>
          <h3>{title}</h3>
          <p class="soft">
            <b class="alarm-severity">{text.severity[alarm.severity]}</b>
            {alarm.value !== null && ` · ${withUnit(locale.value, alarm.value, alarm.unit)}`}
            {` · ${text.since(when(alarm.raised_at), age(words(), serverNowS() - unixS(alarm.raised_at)))}`}
            {alarm.count > 1 && ` · ${text.times(alarm.count)}`}
          </p>
        </div>
      </div>
      {stateOf(alarm) !== null && <p class="alarm-state">{stateOf(alarm)}</p>}
      {may(session.value, "operator", alarm.site) && (
        <div class="alarm-acts">
          {alarm.state !== "acknowledged" && (
            <button class="button" type="button" aria-label={`${text.ack}: ${title}`} onClick={() => void act(acknowledge(alarm.id))}>
              {text.ack}
            </button>
          )}
          <Silence alarm={alarm} title={title} onPick={(minutes) => void act(snooze(alarm.id, minutes))} />
        </div>
      )}
      <p class="alarm-fault" role="alert">{fault.value}</p>
    </li>
  );
}

function Silence(props: { alarm: Alarm; title: string; onPick: (minutes: number) => void }) {
  const text = chosen(alarmTexts);
  return (
    <select
      class="button quiet" aria-label={`${text.snooze}: ${props.title}`} value=""
      onChange={(event) => {
        const minutes = Number(event.currentTarget.value);
        event.currentTarget.value = "";
        if (minutes > 0) props.onPick(minutes);
      }}
    >
      <option value="">{`${text.snooze} …`}</option>
      {text.snoozeFor.map(({ minutes, word }) => <option key={minutes} value={minutes}>{word}</option>)}
    </select>
  );
}

function stateOf(alarm: Alarm): string | null {
  const text = chosen(alarmTexts);
  if (alarm.state === "acknowledged" && alarm.acknowledged_by !== null) return text.acknowledged(alarm.acknowledged_by);
  if (alarm.state === "snoozed" && alarm.snoozed_until !== null) return text.snoozed(alarm.snoozed_by ?? "?", when(alarm.snoozed_until));
  return alarm.state === "escalated" ? text.escalated : null;
}

function Past(props: { alarms: Alarm[] }) {
  const text = chosen(alarmTexts);
  return (
    <section class="card alarms-past" aria-labelledby="alarms-past">
      <div class="card-head"><h3 id="alarms-past">{text.past}</h3></div>
      <ul>
        {props.alarms.map((alarm) => (
          <li key={alarm.id} data-severity={alarm.severity}>
            <span class="alarm-dot" title={text.severity[alarm.severity]} />
            <span class="alarm-title">
              {titleOf(alarm)}
              {alarm.count > 1 && <span class="soft">{` · ${text.times(alarm.count)}`}</span>}
            </span>
            <span class="soft">{when(alarm.raised_at)}</span>
            <span class="soft alarm-lasted">{lasted(alarm)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const titleOf = (alarm: Alarm): string => (language.value === "it" ? alarm.title_it : alarm.title_en);

const unixS = (iso: string): number => Date.parse(iso) / 1000;

/** The clock of the site; with the day where it is another one. */
function when(iso: string): string {
  const zone = knownZone(site.value?.timezone ?? "UTC");
  const sameDay = dayOf(unixS(iso), zone) === dayOf(serverNowS(), zone);
  return (sameDay ? clock : dayAndClock)(locale.value, zone, unixS(iso));
}

function lasted(alarm: Alarm): string {
  const { lasted: text } = chosen(alarmTexts);
  const minutes = Math.max(1, Math.round((unixS(alarm.cleared_at ?? alarm.raised_at) - unixS(alarm.raised_at)) / 60));
  if (minutes < 100) return text.min(minutes);
  return minutes < 2880 ? text.h(Math.round(minutes / 60)) : text.days(Math.round(minutes / 1440));
}
