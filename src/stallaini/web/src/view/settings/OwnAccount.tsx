import { useSignal } from "@preact/signals";

import { people } from "../../api/people.ts";
import { serverNowS, session, signOut, sites } from "../../state.ts";
import { age } from "../../words/format.ts";
import { LANGUAGES, language, speak, words, wordsOf, type Language } from "../../words/index.ts";
import { Field, given, Row, Secret, Section, Sure, texts, useAsked, useDoing } from "./parts.tsx";

export const titleOf = (site: string): string =>
  site === "*" ? texts().everySite : (sites.value.find((row) => row.site === site)?.title ?? site);

export const ageOf = (iso: string): string => age(words(), Math.max(0, serverNowS() - Date.parse(iso) / 1000));

/** The language of the page and, where there is an account, of all that is told to it. */
export function LanguageSetting(props: { account: boolean }) {
  const text = texts();
  const { fault, doing } = useDoing();
  const pick = (each: Language): void => {
    speak(each);
    if (props.account) void doing(() => people.speak(each));
  };
  return (
    <Section id="language" title={text.language} note={text.languageNote} fault={fault}>
      <div class="switch setting-switch" role="group" aria-labelledby="setting-language">
        {LANGUAGES.map((each) => (
          <button key={each} type="button" lang={each} aria-pressed={each === language.value} onClick={() => pick(each)}>
            {wordsOf(each).languageName}
          </button>
        ))}
      </div>
    </Section>
  );
}

export function AccountSetting() {
  const text = texts();
  const { fault, busy, doing } = useDoing();
  const changed = useSignal(false);
  const who = session.value!;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const { current = "", fresh = "" } = given(event);
    changed.value = await doing(() => people.setPassword(current, fresh));
    if (changed.value) form.reset();
  };
  return (
    <Section id="account" title={text.account} fault={fault}>
      <ul>
        <Row
          title={who.name}
          note={Object.entries(who.roles ?? {}).map(([site, role]) => text.roleAt(text.role[role]!, titleOf(site))).join(", ")}
        >
          <button class="button quiet small" type="button" onClick={() => void signOut()}>{text.end}</button>
        </Row>
      </ul>
      <form class="setting-form" onSubmit={submit}>
        <input class="unseen" name="name" autocomplete="username" value={who.name} readOnly tabIndex={-1} aria-hidden="true" />
        <Field label={text.current}><input name="current" type="password" autocomplete="current-password" required /></Field>
        <Field label={text.fresh}><input name="fresh" type="password" autocomplete="new-password" required /></Field>
        <button class="button" type="submit" disabled={busy}>{text.change}</button>
      </form>
      {changed.value && <p class="setting-done" role="status">{text.changed}</p>}
    </Section>
  );
}

export function SessionSetting() {
  const text = texts();
  const { answer, again } = useAsked(people.sessions);
  const { fault, doing } = useDoing();
  if (!answer) return null;
  const end = (act: () => Promise<unknown>) => void doing(act).then(again);
  return (
    <Section id="sessions" title={text.sessions} fault={fault}>
      <ul>
        {answer.map((row) => (
          <Row key={row.id} title={browserOf(row.agent)} note={row.current ? text.here : `${row.source} · ${text.seen(ageOf(row.seen_at))}`}>
            {!row.current && <Sure label={text.end} of={browserOf(row.agent)} onSure={() => end(() => people.endSession(row.id))} />}
          </Row>
        ))}
      </ul>
      {answer.length > 1 && (
        <button class="button quiet" type="button" onClick={() => end(people.endOtherSessions)}>{text.endOthers}</button>
      )}
    </Section>
  );
}

/** "Firefox, Android" of what a browser says it is. */
function browserOf(agent: string): string {
  const known = (names: [string, RegExp][]): string | undefined => names.find(([, sign]) => sign.test(agent))?.[0];
  const browser = known([["Edge", /Edg\//], ["Opera", /OPR\//], ["Firefox", /Firefox\//], ["Chrome", /Chrome\//], ["Safari", /Safari\//]]);
  const system = known([["Android", /Android/], ["iPhone", /iPhone/], ["iPad", /iPad/], ["Windows", /Windows/], ["Mac", /Mac OS/], ["Linux", /Linux/]]);
  return [browser, system].filter((part) => part !== undefined).join(", ") || agent.slice(0, 40) || "?";
}

export function TelegramSetting() {
  const text = texts();
  const { answer, again } = useAsked(people.account);
  const { fault, doing } = useDoing();
  const code = useSignal<string | null>(null);
  if (!answer) return null;
  const link = () => void doing(async () => (code.value = (await people.linkTelegram()).code));
  return (
    <Section id="telegram" title={text.telegram} note={text.telegramNote} fault={fault}>
      <ul>
        {(answer.chats ?? []).map((chat) => (
          <Row key={chat.telegram_id} title={chat.name} note={String(chat.telegram_id)}>
            <Sure label={text.unlink} of={chat.name} onSure={() => void doing(() => people.unlinkTelegram(chat.telegram_id)).then(again)} />
          </Row>
        ))}
      </ul>
      {code.value === null
        ? <button class="button quiet" type="button" onClick={link}>{text.link}</button>
        : <Secret note={text.linkCode("…")} value={`/start ${code.value}`} />}
    </Section>
  );
}

const TOKEN_ROLES = ["viewer", "operator", "admin"] as const;

export function TokenSetting() {
  const text = texts();
  const { answer, again } = useAsked(people.tokens);
  const { fault, busy, doing } = useDoing();
  const secret = useSignal<string | null>(null);
  if (!answer) return null;
  const make = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const { label = "", role = "viewer", site = "*" } = given(event);
    if (!(await doing(async () => (secret.value = (await people.makeToken(label, role, site)).secret)))) return;
    form.reset();
    await again();
  };
  return (
    <Section id="tokens" title={text.tokens} note={text.tokensNote} fault={fault}>
      <ul>
        {answer.map((row) => (
          <Row
            key={row.id} title={row.label}
            note={`${row.prefix}… · ${text.role[row.role] ?? row.role}, ${titleOf(row.site)} · ${row.used_at === null ? text.never : text.used(ageOf(row.used_at))}`}
          >
            <Sure label={text.revoke} of={row.label} onSure={() => void doing(() => people.revokeToken(row.id)).then(again)} />
          </Row>
        ))}
      </ul>
      {secret.value !== null && <Secret note={text.secret} value={secret.value} />}
      <form class="setting-form" onSubmit={make}>
        <Field label={text.label}><input name="label" maxLength={60} required autocomplete="off" /></Field>
        <RoleField label={text.inviteAs} />
        <SiteField />
        <button class="button" type="submit" disabled={busy}>{text.make}</button>
      </form>
    </Section>
  );
}

export function RoleField(props: { label: string }) {
  const text = texts();
  return (
    <Field label={props.label}>
      <select name="role">{TOKEN_ROLES.map((role) => <option key={role} value={role}>{text.role[role]}</option>)}</select>
    </Field>
  );
}

/** A site of those one has a role at; every site for those whose role is at every site. */
export function SiteField() {
  const text = texts();
  const choices = [...("*" in (session.value?.roles ?? {}) ? ["*"] : []), ...sites.value.map((row) => row.site)];
  return (
    <Field label={text.site}>
      <select name="site">{choices.map((site) => <option key={site} value={site}>{titleOf(site)}</option>)}</select>
    </Field>
  );
}
