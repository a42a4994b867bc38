import type { Aged } from "../logic/age.ts";
import { numberOf, type Flow } from "../logic/battery.ts";
import { DASH, powerParts } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { ownAge } from "./ownAge.ts";

/** Power in or out; the way it goes is said by word, colour and arrow. */
export function Power(props: { power: Aged; flow: Flow }) {
  const powerW = numberOf(props.power);
  const behind = ownAge(props.power);
  const shown = powerW === null ? { value: DASH, unit: "W" } : powerParts(locale.value, Math.abs(powerW));
  return (
    <div class="power" data-flow={props.flow} data-quality={props.power.quality}>
      <p class="power-way">
        <FlowIcon flow={props.flow} />
        <span>{words().flow[props.flow]}</span>
      </p>
      <p class="power-number" data-testid="power">
        {shown.value}<span class="power-unit">{`\u00a0${shown.unit}`}</span>
      </p>
      {behind && <p class="tile-note">{behind}</p>}
    </div>
  );
}

/** Three chevrons: upwards the charge rises, downwards it falls; a bar at rest. */
function FlowIcon(props: { flow: Flow }) {
  if (props.flow === "rest" || props.flow === "unknown") {
    return <svg class="flow-icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 12h12" /></svg>;
  }
  return (
    <svg class="flow-icon" viewBox="0 0 24 24" aria-hidden="true">
      <g transform={props.flow === "discharging" ? "rotate(180 12 12)" : undefined}>
        <path class="flow-1" d="m6 21 6-5 6 5" />
        <path class="flow-2" d="m6 14.500 6-5 6 5" />
        <path class="flow-3" d="m6 8 6-5 6 5" />
      </g>
    </svg>
  );
}
