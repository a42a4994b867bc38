import type { Flag } from "../logic/battery.ts";
import { life } from "../state.ts";
import { nameOf, words } from "../words/index.ts";

/** What the battery complains about, in words; or that it does not. */
export function Flags(props: { raised: Flag[]; reported: boolean }) {
  const text = words();
  const then = (stale: boolean): string => (stale ? ` (${text.flagsThen})` : "");
  if (props.raised.length === 0) {
    return (
      <p class="flags-none" data-reported={props.reported}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d={props.reported ? "m5.500 10.500 3 3 6-7" : "M6 10h8"} /></svg>
        {props.reported ? text.noFlags + then(life.value === "stale") : text.flagsAbsent}
      </p>
    );
  }
  return (
    <ul class="flags">
      {props.raised.map((flag) => (
        <li key={`${flag.kind} ${flag.item}`} class="flag" data-kind={flag.kind} data-stale={flag.stale}>
          <FlagIcon />
          <span><b>{text.flagKind[flag.kind]}</b> {nameOf(flag.item)}{then(flag.stale)}</span>
        </li>
      ))}
    </ul>
  );
}

export function FlagIcon() {
  return <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3 18 17H2zM10 8v4.500M10 14.500v.5" /></svg>;
}
