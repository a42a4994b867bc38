import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { Command } from "../api/commands.ts";
import { isUnderWay, orderOf, type Order } from "../logic/orders.ts";
import { knownZone } from "../logic/zone.ts";
import { site } from "../state.ts";
import { clock } from "../words/format.ts";
import { chosen, locale } from "../words/index.ts";
import { loadTexts } from "../words/pages/loads.ts";

/** Run a load or stop it: the first press asks for how long or whether it is meant, the second does it. */
export function LoadOrder(props: { load: string; title: string; give: (order: Order) => Promise<void> }) {
  const { load, title } = props;
  const text = chosen(loadTexts);
  const asked = useSignal<Order["do"] | null>(null);
  const fault = useSignal("");
  const busy = useSignal(false);
  const give = async (order: Order): Promise<void> => {
    busy.value = true;
    try {
      await props.give(order);
      asked.value = null;
    } catch (refusal) {
      fault.value = text.failed((refusal as Error).message);
    } finally {
      busy.value = false;
    }
  };
  const ask = (what: Order["do"]): void => {
    fault.value = "";
    asked.value = what;
  };
  return (
    <div class="load-order">
      {asked.value === null ? (
        <div class="load-acts">
          <button class="button quiet small" type="button" aria-label={`${text.run} ${title}`} onClick={() => ask("run")}>{text.run}</button>
          <button class="button quiet small" type="button" aria-label={`${text.stop} ${title}`} onClick={() => ask("stop")}>{text.stop}</button>
        </div>
      ) : (
        <Question text={asked.value === "run" ? text.runSure(title) : text.stopSure(title)}>
          {asked.value === "run"
            ? text.times.map(({ minutes, word }) => (
              <button key={minutes} class="button small" type="button" disabled={busy.value} onClick={() => void give({ do: "run", load, minutes })}>{word}</button>
            ))
            : <button class="button small" type="button" disabled={busy.value} onClick={() => void give({ do: "stop", load })}>{text.stopYes}</button>}
          <button class="button quiet small" type="button" onClick={() => (asked.value = null)}>{text.no}</button>
        </Question>
      )}
      <p role="alert">{fault.value}</p>
    </div>
  );
}

/** The question takes the focus, so that whoever hears the page hears it. */
function Question(props: { text: string; children: preact.ComponentChildren }) {
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => group.current?.focus(), []);
  return (
    <div class="load-question" role="group" aria-label={props.text} tabIndex={-1} ref={group}>
      <p>{props.text}</p>
      <div class="load-acts">{props.children}</div>
    </div>
  );
}

/** What was asked of a load last, how far that has come, and why it ended as it did. */
export function LastOrder(props: { command: Command | null }) {
  const { command } = props;
  const text = chosen(loadTexts);
  const order = command === null ? null : orderOf(command);
  if (command === null || order === null) return <p class="load-last" role="status" />;
  const at = clock(locale.value, knownZone(site.value!.timezone), Date.parse(command.made_at) / 1000);
  const what = order.do === "run" ? text.askedRun(text.minutes(order.minutes)) : text.askedStop;
  return (
    <p class="load-last" role="status" data-state={isUnderWay(command) ? "under-way" : command.state}>
      <span class="soft">{text.asked(what, command.issuer, at)}</span>
      <b>{text.state[command.state]}</b>
      {command.reason !== null && <span>{command.reason}</span>}
    </p>
  );
}
