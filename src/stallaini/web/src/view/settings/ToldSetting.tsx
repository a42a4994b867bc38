import { people, PERIODS, WAYS, type Account, type AlarmSettings, type Told } from "../../api/people.ts";
import type { Severity } from "../../api/types.ts";
import { canMove, changed, moved, turnsOf, withPerson, without } from "../../logic/told.ts";
import { Sure, texts, useAsked, useDoing } from "./parts.tsx";

const SEVERITIES: Severity[] = ["info", "warning", "critical"];

const roleAt = (account: Account, site: string) => account.roles[site] ?? account.roles["*"];

/** For admins: who is told of a site's alarms, who next when nobody attends to them, and by what. */
export function WhoIsTold(props: { site: string; settings: AlarmSettings; again: () => Promise<void> }) {
  const text = texts();
  const { answer: accounts } = useAsked(people.listed);
  const { fault, busy, doing } = useDoing();
  const { quiet, escalate_after_min, told } = props.settings;
  if (!accounts) return null;
  const known = accounts.filter((account) => roleAt(account, props.site) !== undefined);
  const save = async (next: Told[] | null): Promise<void> => {
    if (busy) return;
    await doing(() => people.setAlarmSettings(props.site, { quiet, escalate_after_min, told: next }));
    await props.again();
  };
  const steering = known.filter((account) => roleAt(account, props.site) !== "viewer").map((account) => account.name);
  return (
    <div class="told" role="group" aria-labelledby="told-title">
      <h4 id="told-title">{text.told}</h4>
      {told === null ? (
        <>
          <p class="soft setting-note">{text.toldEverybody}</p>
          <button class="button quiet" type="button" onClick={() => void save(steering.reduce(withPerson, [] as Told[]).map((one) => ({ ...one, turn: 0 })))}>
            {text.toldChoose}
          </button>
        </>
      ) : <Turns told={told} known={known.map((account) => account.name)} afterMin={escalate_after_min} save={save} />}
      <p class="setting-fault" role="alert">{fault}</p>
    </div>
  );
}

function Turns(props: { told: Told[]; known: string[]; afterMin: number | null; save: (next: Told[] | null) => Promise<void> }) {
  const text = texts();
  const { told, known, afterMin, save } = props;
  const others = known.filter((name) => !told.some((one) => one.person === name));
  const when = (turn: number): string => (turn === 0 ? text.toldAtOnce : afterMin === null ? text.toldNever : text.toldAfter(turn * afterMin));
  return (
    <>
      <p class={told.length === 0 ? "setting-muted" : "soft setting-note"}>{told.length === 0 ? text.toldNobody : text.toldNote}</p>
      <ol class="told-turns">
        {turnsOf(told).map((turn, index) => (
          <li key={index}>
            <p class="told-when">{when(index)}</p>
            <ul>{turn.map((one) => <Person key={one.person} one={one} told={told} known={known.includes(one.person)} save={save} />)}</ul>
          </li>
        ))}
      </ol>
      <div class="setting-acts">
        {others.length > 0 && (
          <select class="button quiet small" aria-label={text.toldAdd} value="" onChange={(event) => void save(withPerson(told, event.currentTarget.value))}>
            <option value="">{`${text.toldAdd} …`}</option>
            {others.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        )}
        <Sure label={text.toldAll} of="" onSure={() => void save(null)} />
      </div>
    </>
  );
}

function Person(props: { one: Told; told: Told[]; known: boolean; save: (next: Told[]) => Promise<void> }) {
  const text = texts();
  const { one, told, save } = props;
  const set = (change: Partial<Told>): void => void save(changed(told, one.person, change));
  return (
    <li class="told-person">
      <div class="told-head">
        <b>{one.person}</b>
        <span class="told-moves">
          <Mover one={one} told={told} by={-1} save={save} />
          <Mover one={one} told={told} by={1} save={save} />
          <Sure label={text.remove} of={one.person} onSure={() => void save(without(told, one.person))} />
        </span>
      </div>
      {!props.known && <p class="setting-fault">{text.toldUnknown}</p>}
      <div class="told-how">
        <Choices label={text.toldBy(one.person)} all={WAYS} words={text.way} chosen={one.ways} onChange={(ways) => set({ ways })} />
        <select
          class="button quiet small" aria-label={text.toldFrom(one.person)} value={one.severity}
          onChange={(event) => set({ severity: event.currentTarget.value as Severity })}
        >
          {SEVERITIES.map((severity) => <option key={severity} value={severity}>{text.atLeast[severity]}</option>)}
        </select>
        <Choices label={text.reportsTo(one.person)} all={PERIODS} words={text.report} chosen={one.digest} onChange={(digest) => set({ digest })} />
      </div>
    </li>
  );
}

const UP = "m6 15 6-6 6 6";
const DOWN = "m6 9 6 6 6-6";

/** Tells somebody a turn earlier or later; stays in the hand while it can. */
function Mover(props: { one: Told; told: Told[]; by: -1 | 1; save: (next: Told[]) => Promise<void> }) {
  const text = texts();
  const { one, told, by, save } = props;
  const move = async (): Promise<void> => {
    await save(moved(told, one.person, by));
    const mine = [...document.querySelectorAll<HTMLButtonElement>("[data-mover]:not(:disabled)")].filter((each) => each.dataset["mover"] === one.person);
    (mine.find((each) => each.dataset["by"] === String(by)) ?? mine[0])?.focus();
  };
  return (
    <button
      class="button quiet small told-move" type="button" aria-label={by === -1 ? text.earlier(one.person) : text.later(one.person)}
      data-mover={one.person} data-by={by} disabled={!canMove(told, one.person, by)} onClick={() => void move()}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d={by === -1 ? UP : DOWN} /></svg>
    </button>
  );
}

function Choices<Choice extends string>(props: {
  label: string; all: readonly Choice[]; words: Record<Choice, string>; chosen: Choice[]; onChange: (chosen: Choice[]) => void;
}) {
  const { all, chosen, onChange } = props;
  return (
    <span class="choices" role="group" aria-label={props.label}>
      {all.map((each) => (
        <button
          key={each} type="button" aria-pressed={chosen.includes(each)}
          onClick={() => onChange(all.filter((other) => (other === each) !== chosen.includes(other)))}
        >
          {props.words[each]}
        </button>
      ))}
    </span>
  );
}
