import { useSignal } from "@preact/signals";

import type { Channel, Device } from "../api/types.ts";
import { type Aged, aged } from "../logic/age.ts";
import { elapsed, heard, site } from "../state.ts";
import { age, DASH } from "../words/format.ts";
import { nameOf, words } from "../words/index.ts";
import { inWords } from "./inWords.ts";

/** Every channel of the site with its value and age, for whoever wants to know. */
export function Readings() {
  const text = words();
  const open = useSignal(false);
  return (
    <details class="card readings" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{text.readings}</summary>
      {open.value && <ReadingsByDevice />}
    </details>
  );
}

/** Device by device; a site of one device needs no second fold. */
function ReadingsByDevice() {
  const devices = site.value!.devices;
  return (
    <>
      {devices.map((device) => (
        <details key={device.name} class="readings-device" open={devices.length === 1}>
          <summary>{device.title ?? device.name}<NewestAge device={device} /></summary>
          <ReadingsTable device={device} />
        </details>
      ))}
    </>
  );
}

/** How old the newest word of a device is. */
export function NewestAge(props: { device: Device }) {
  const now = heard.value!.now;
  const channels = site.value!.channels.filter((channel) => channel.name.startsWith(`${props.device.name}.`));
  const values = channels.map((channel) => aged(now.channels[channel.name], channel, elapsed.value));
  const ages = values.map((value) => value.ageS).filter((ageS) => ageS !== null);
  if (ages.length === 0) return null;
  const fresh = values.some((value) => value.quality === "fresh");
  return <span class="newest-age" data-fresh={fresh}>{age(words(), Math.min(...ages))}</span>;
}

function ReadingsTable(props: { device: Device }) {
  const text = words();
  const name = props.device.name;
  const now = heard.value!.now;
  return (
    <table>
      <thead>
        <tr><th scope="col">{text.reading}</th><th scope="col">{text.value}</th><th scope="col">{text.ageTitle}</th></tr>
      </thead>
      <tbody>
        {site.value!.channels.filter((channel) => channel.name.startsWith(`${name}.`)).map((channel) => (
          <ReadingRow
            key={channel.name} channel={channel} device={name}
            value={aged(now.channels[channel.name], channel, elapsed.value)}
          />
        ))}
      </tbody>
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
      <td>{inWords(value, channel.quantity)}</td>
      <td>{value.ageS === null ? DASH : age(text, value.ageS)}</td>
    </tr>
  );
}
