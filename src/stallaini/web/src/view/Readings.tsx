import { useSignal } from "@preact/signals";

import type { Channel } from "../api/types.ts";
import { type Aged, aged } from "../logic/age.ts";
import { elapsed, heard, site } from "../state.ts";
import { age, DASH, decimalsOf, withUnit } from "../words/format.ts";
import { locale, nameOf, words } from "../words/index.ts";

/** Every channel of the site with its value and age, for whoever wants to know. */
export function Readings() {
  const text = words();
  const open = useSignal(false);
  return (
    <details class="card readings" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{text.readings}</summary>
      {open.value && <ReadingsTable />}
    </details>
  );
}

function ReadingsTable() {
  const text = words();
  const shown = site.value!;
  const now = heard.value!.now;
  return (
    <table>
      <thead>
        <tr><th scope="col">{text.reading}</th><th scope="col">{text.value}</th><th scope="col">{text.ageTitle}</th></tr>
      </thead>
      {shown.devices.map((device) => (
        <tbody key={device.name}>
          <tr><th colSpan={3} scope="rowgroup">{device.title ?? device.name}</th></tr>
          {shown.channels.filter((channel) => channel.name.startsWith(`${device.name}.`)).map((channel) => (
            <ReadingRow
              key={channel.name} channel={channel} device={device.name}
              value={aged(now.channels[channel.name], channel, elapsed.value)}
            />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function ReadingRow(props: { channel: Channel; device: string; value: Aged }) {
  const text = words();
  const { channel, value } = props;
  const field = channel.name.slice(props.device.length + 1);
  const [kind, item] = field.split(".", 2) as [string, string?];
  const kindWord = text.flagKind[kind as keyof typeof text.flagKind];
  return (
    <tr data-quality={value.quality}>
      <th scope="row">{item === undefined ? nameOf(field) : `${kindWord ?? nameOf(kind)}: ${nameOf(item)}`}</th>
      <td>{shown(value, channel.quantity)}</td>
      <td>{value.ageS === null ? DASH : age(text, value.ageS)}</td>
    </tr>
  );
}

function shown(value: Aged, quantity: string): string {
  const text = words();
  if (value.value === null) return text.notReported;
  if (value.text !== null) return value.text;
  if (quantity === "flag") return value.value ? text.yes : text.no;
  return withUnit(locale.value, Number(value.value), value.unit, decimalsOf(value.unit, quantity));
}
