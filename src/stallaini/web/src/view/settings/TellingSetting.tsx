import { useSignal } from "@preact/signals";

import { people, type AlarmSettings } from "../../api/people.ts";
import { may } from "../../logic/roles.ts";
import { knownZone } from "../../logic/zone.ts";
import { session, site } from "../../state.ts";
import { dayAndClock } from "../../words/format.ts";
import { locale } from "../../words/index.ts";
import { Field, given, Section, texts, useAsked, useDoing } from "./parts.tsx";
import { WhoIsTold } from "./ToldSetting.tsx";

/** Where one is told of alarms. */
export function ContactSetting() {
  const text = texts();
  const { answer } = useAsked(people.contact);
  const { fault, busy, doing } = useDoing();
  const saved = useSignal(false);
  if (!answer) return null;
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { email = "", webhook = "", ntfy = "" } = given(event);
    saved.value = await doing(() => people.setContact({ email, webhook, ntfy }));
  };
  return (
    <Section id="contact" title={text.notifications} note={text.notificationsNote} fault={fault}>
      <form class="setting-form" onSubmit={save} onInput={() => (saved.value = false)}>
        <Field label={text.email}><input name="email" type="email" autocomplete="email" defaultValue={answer.email} /></Field>
        <Field label={text.ntfy}><input name="ntfy" maxLength={64} defaultValue={answer.ntfy} /></Field>
        <Field label={text.webhook}><input name="webhook" type="url" defaultValue={answer.webhook} /></Field>
        <button class="button" type="submit" disabled={busy}>{text.save}</button>
      </form>
      {saved.value && <p class="setting-done" role="status">{text.saved}</p>}
    </Section>
  );
}

/** How the alarms of the site are told: the mute for operators, quiet hours and escalation for admins. */
export function TellingSetting() {
  const shown = site.value;
  if (shown === null || !may(session.value, "operator", shown.site)) return null;
  return <Telling key={shown.site} name={shown.site} title={shown.title} zone={knownZone(shown.timezone)} />;
}

function Telling(props: { name: string; title: string; zone: string }) {
  const text = texts();
  const { answer, again } = useAsked(() => people.alarmSettings(props.name));
  const { fault, doing } = useDoing();
  if (!answer) return null;
  const mute = (minutes: number | null) => void doing(() => people.mute(props.name, minutes)).then(again);
  return (
    <Section id="telling" title={text.telling(props.title)} fault={fault}>
      <h4>{text.mute}</h4>
      <p class="soft setting-note">{text.muteNote}</p>
      <div class="setting-acts">
        {answer.mute_until === null
          ? text.muteFor.map(({ minutes, word }) => (
            <button key={minutes} class="button quiet small" type="button" onClick={() => mute(minutes)}>{word}</button>
          ))
          : (
            <>
              <span class="setting-muted">{text.muted(dayAndClock(locale.value, props.zone, Date.parse(answer.mute_until) / 1000))}</span>
              <button class="button small" type="button" onClick={() => mute(null)}>{text.unmute}</button>
            </>
          )}
      </div>
      {may(session.value, "admin", props.name) && (
        <>
          <Hours name={props.name} settings={answer} again={again} />
          <WhoIsTold site={props.name} settings={answer} again={again} />
        </>
      )}
    </Section>
  );
}

function Hours(props: { name: string; settings: AlarmSettings; again: () => Promise<void> }) {
  const text = texts();
  const { quiet, escalate_after_min: escalateMin, told } = props.settings;
  const { fault, busy, doing } = useDoing();
  const saved = useSignal(false);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { start = "", end = "", after = "" } = given(event);
    const wanted = {
      quiet: start === "" || end === "" ? null : { start, end },
      escalate_after_min: after === "" ? null : Number(after),
      told,
    };
    saved.value = await doing(() => people.setAlarmSettings(props.name, wanted));
    await props.again();
  };
  return (
    <>
      <h4>{text.quiet}</h4>
      <p class="soft setting-note">{text.quietNote}</p>
      <form class="setting-form" onSubmit={save} onInput={() => (saved.value = false)}>
        <Field label={text.from}><input name="start" type="time" defaultValue={quiet?.start ?? ""} /></Field>
        <Field label={text.until}><input name="end" type="time" defaultValue={quiet?.end ?? ""} /></Field>
        <Field label={`${text.escalate} (${text.minutes})`}>
          <input name="after" type="number" inputMode="numeric" min={1} max={1440} placeholder={text.noRole} defaultValue={escalateMin === null ? "" : String(escalateMin)} />
        </Field>
        <button class="button" type="submit" disabled={busy}>{text.save}</button>
      </form>
      {saved.value && <p class="setting-done" role="status">{text.saved}</p>}
      <p class="setting-fault" role="alert">{fault}</p>
    </>
  );
}
