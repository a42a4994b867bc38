import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { chosen } from "../../words/index.ts";
import { settingTexts } from "../../words/pages/settings.ts";

export const texts = () => chosen(settingTexts);

/** What the server answers, asked once and anew on `again`; null until then, undefined when it does not tell. */
export function useAsked<Answer>(ask: () => Promise<Answer>, key = ""): { answer: Answer | null | undefined; again: () => Promise<void> } {
  const answer = useSignal<Answer | null | undefined>(null);
  const again = async (): Promise<void> => {
    try {
      answer.value = await ask();
    } catch {
      answer.value = undefined;
    }
  };
  useEffect(() => void again(), [key]);
  return { answer: answer.value, again };
}

/** Does things and tells why one did not work. */
export function useDoing(): { fault: string; busy: boolean; doing: (act: () => Promise<unknown>) => Promise<boolean> } {
  const fault = useSignal("");
  const busy = useSignal(false);
  const doing = async (act: () => Promise<unknown>): Promise<boolean> => {
    fault.value = "";
    busy.value = true;
    try {
      await act();
      return true;
    } catch (refusal) {
      fault.value = texts().refused((refusal as Error).message);
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { fault: fault.value, busy: busy.value, doing };
}

export function Section(props: { id: string; title: string; note?: string; fault?: string; children: ComponentChildren }) {
  return (
    <section class="card setting" aria-labelledby={`setting-${props.id}`}>
      <h3 id={`setting-${props.id}`}>{props.title}</h3>
      {props.note !== undefined && <p class="soft setting-note">{props.note}</p>}
      {props.children}
      {props.fault !== undefined && <p class="setting-fault" role="alert">{props.fault}</p>}
    </section>
  );
}

/** A line of a list: what it is, more about it, and what can be done with it. */
export function Row(props: { title: ComponentChildren; note?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <li class="setting-row">
      <div>
        <b>{props.title}</b>
        {props.note !== undefined && <span class="soft">{props.note}</span>}
      </div>
      {props.children}
    </li>
  );
}

/** A button that cannot be pressed by mistake: the first press asks, the second does. */
export function Sure(props: { label: string; of: string; onSure: () => void }) {
  const asked = useSignal(false);
  return (
    <button
      class="button quiet small" type="button" data-asked={asked.value} onBlur={() => (asked.value = false)}
      onClick={() => {
        if (asked.value) props.onSure();
        asked.value = !asked.value;
      }}
    >
      {asked.value ? texts().confirm : props.label}<span class="unseen">{` ${props.of}`}</span>
    </button>
  );
}

/** A secret that is shown once, to be copied. */
export function Secret(props: { note: string; value: string }) {
  const copied = useSignal(false);
  const text = texts();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.value);
      copied.value = true;
    } catch {
      copied.value = false; // it stands there to be marked by hand
    }
  };
  return (
    <div class="secret" role="status">
      <p>{props.note}</p>
      <code>{props.value}</code>
      <button class="button small" type="button" onClick={() => void copy()}>{copied.value ? text.copied : text.copy}</button>
    </div>
  );
}

export function Field(props: { label: string; children: ComponentChildren }) {
  return <label class="field"><span>{props.label}</span>{props.children}</label>;
}

/** What a form was filled in with. */
export const given = (event: Event): Record<string, string> =>
  Object.fromEntries([...new FormData(event.currentTarget as HTMLFormElement)].map(([key, value]) => [key, String(value)]));
