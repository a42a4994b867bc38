import { batteries, raisedFlags } from "../logic/battery.ts";
import { elapsed, heard, life, site } from "../state.ts";
import { nameOf, words } from "../words/index.ts";

/** Tells screen readers what changed in kind (live, stale, alarms), never each second's value. */
export function Announcer() {
  return <p class="unseen" role="status" aria-live="polite">{announcement()}</p>;
}

function announcement(): string {
  const shown = site.value;
  const last = heard.value;
  if (life.value === null || shown === null || last === null) return "";
  const text = words();
  const flags = batteries(shown)
    .flatMap((device) => raisedFlags(last.now, shown, device.name, elapsed.value).raised)
    .map((flag) => `${text.flagKind[flag.kind]}: ${nameOf(flag.item)}`);
  return [text[life.value], ...flags].join(". ");
}
