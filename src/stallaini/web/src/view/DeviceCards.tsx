import { numberOf, raisedFlags, reader } from "../logic/battery.ts";
import { carded } from "../logic/devices.ts";
import { elapsed, heard, site } from "../state.ts";
import { nameOf } from "../words/index.ts";
import { FlagIcon, Flags } from "./Flags.tsx";
import { inWords } from "./inWords.ts";
import { ownAge } from "./ownAge.ts";

/** One card for each device beside the battery: its state, its weightiest values, what it complains about. */
export function DeviceCards() {
  const cards = carded(site.value!);
  if (cards.length === 0) return null;
  return (
    <div class="devices">
      {cards.map(({ device, card }) => (
        <DeviceCard key={device.name} name={device.name} title={device.title ?? device.name} {...card} />
      ))}
    </div>
  );
}

function DeviceCard(props: { name: string; title: string; state?: string; trouble?: string; facts: string[] }) {
  const shown = site.value!;
  const now = heard.value!.now;
  const read = reader(shown, now, elapsed.value, props.name);
  const state = props.state === undefined ? null : read(props.state);
  const trouble = props.trouble === undefined ? null : read(props.trouble);
  const { raised } = raisedFlags(now, shown, props.name, elapsed.value);
  return (
    <article class="card device" aria-label={props.title}>
      <div class="card-head">
        <h2>{props.title}</h2>
        {state !== null && state.value !== null && (
          <span class="device-state" data-quality={state.quality}>{inWords(state, "state")}</span>
        )}
      </div>
      {trouble !== null && numberOf(trouble) !== null && numberOf(trouble) !== 0 && (
        <p class="flag" data-stale={trouble.quality === "stale"}>
          <FlagIcon />
          <span class="device-trouble">{inWords(trouble, "state")}</span>
        </p>
      )}
      {raised.length > 0 && <Flags raised={raised} reported />}
      <dl class="facts">
        {props.facts.map((field) => <Fact key={field} device={props.name} field={field} read={read} />)}
      </dl>
    </article>
  );
}

function Fact(props: { device: string; field: string; read: ReturnType<typeof reader> }) {
  const value = props.read(props.field);
  const channel = site.value!.channels.find((one) => one.name === `${props.device}.${props.field}`);
  if (channel === undefined) return null;
  const behind = ownAge(value);
  return (
    <div data-quality={value.quality}>
      <dt>{nameOf(props.field)}</dt>
      <dd>
        {inWords(value, channel.quantity)}
        {behind && <span class="fact-age">{behind}</span>}
      </dd>
    </div>
  );
}
