import "../style/settings.css";

import type { ComponentChildren } from "preact";

import { people, type Offer } from "../api/people.ts";
import { hasAccount } from "../logic/roles.ts";
import { phase, session } from "../state.ts";
import { chosen, language, words } from "../words/index.ts";
import { joinTexts } from "../words/pages/join.ts";
import { Mark } from "./Header.tsx";
import { Field, given, texts, useAsked, useDoing } from "./settings/parts.tsx";

const CODE = decodeURIComponent(location.hash.slice(1));

const enter = (): void => location.replace("/");

/** Where an invitation's link leads: an account is made, a password set, or a role added to the account one has. */
export default function JoinPage() {
  const text = chosen(joinTexts);
  const { answer } = useAsked(() => people.offer(CODE));
  if (answer === undefined) return <Invitation title={text.gone} note={text.goneNote} />;
  if (answer === null || phase.value === "loading") return <main class="login" aria-busy="true" />;
  return (
    <Invitation title={text.title} note={offered(answer)}>
      {hasAccount(session.value) && answer.person === null ? <Accept /> : <Enter offer={answer} />}
    </Invitation>
  );
}

function Invitation(props: { title: string; note: string; children?: ComponentChildren }) {
  return (
    <main class="login">
      <section class="card login-card" aria-labelledby="join-title">
        <Mark />
        <h1 id="join-title">{props.title}</h1>
        <p class="soft">{props.note}</p>
        {props.children}
      </section>
    </main>
  );
}

function offered(offer: Offer): string {
  const text = chosen(joinTexts);
  if (offer.person !== null) return text.opens(offer.person);
  return text.offer(texts().role[offer.role ?? ""] ?? "", offer.site === null || offer.site === "*" ? texts().everySite : offer.site);
}

function Accept() {
  const { fault, busy, doing } = useDoing();
  const accept = async (): Promise<void> => {
    if (await doing(() => people.accept(CODE))) enter();
  };
  return (
    <>
      <p class="login-fault" role="alert">{fault}</p>
      <button class="button" type="button" disabled={busy} onClick={() => void accept()}>{chosen(joinTexts).add(session.value!.name)}</button>
    </>
  );
}

function Enter(props: { offer: Offer }) {
  const text = chosen(joinTexts);
  const { fault, busy, doing } = useDoing();
  const fresh = props.offer.person === null;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { name = "", password = "" } = given(event);
    if (await doing(() => people.join(CODE, fresh ? name : null, password, language.value))) enter();
  };
  return (
    <form class="join-form" onSubmit={submit}>
      {fresh && <Field label={words().name}><input name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required /></Field>}
      <Field label={words().password}><input name="password" type="password" autocomplete="new-password" required /></Field>
      <p class="login-fault" role="alert">{fault}</p>
      <button class="button" type="submit" disabled={busy}>{fresh ? text.make : text.set}</button>
    </form>
  );
}
