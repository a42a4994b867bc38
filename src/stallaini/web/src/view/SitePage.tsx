import "../style/site.css";

import { useSignal } from "@preact/signals";

import { diagramUrl } from "../api/client.ts";
import type { Device } from "../api/types.ts";
import { heard, site } from "../state.ts";
import { number, withUnit } from "../words/format.ts";
import { chosen, language, locale, words } from "../words/index.ts";
import { siteTexts } from "../words/pages/site.ts";
import { Message } from "./Message.tsx";
import { NewestAge } from "./Readings.tsx";

/** How the site is put together: its diagram, its devices with the age of what they say, its loads. */
export default function SitePage() {
  const text = chosen(siteTexts);
  const shown = site.value;
  if (shown === null || heard.value === null) return <div class="page-space" aria-hidden="true" />;
  if (shown.devices.length === 0) return <Message title={words().never} note={words().neverNote} />;
  return (
    <div class="column column-whole">
      <Diagram key={`${shown.site} ${language.value}`} />
      <section class="card site-parts" aria-labelledby="site-devices">
        <h3 id="site-devices">{text.devices}</h3>
        <ul>{shown.devices.map((device) => <DeviceRow key={device.name} device={device} />)}</ul>
        {shown.loads.length > 0 && (
          <>
            <h3>{text.loads}</h3>
            <ul>
              {shown.loads.map((load) => (
                <li key={load.name}><b>{load.title}</b><span>{withUnit(locale.value, load.power_w, "W")}</span></li>
              ))}
            </ul>
          </>
        )}
        <dl class="site-facts">
          {shown.latitude !== null && shown.longitude !== null && (
            <div><dt>{text.place}</dt><dd>{placeOf(shown.latitude, shown.longitude)}</dd></div>
          )}
          <div><dt>{text.timezone}</dt><dd>{shown.timezone}</dd></div>
        </dl>
      </section>
    </div>
  );
}

function placeOf(latitude: number, longitude: number): string {
  const { north, south, east, west } = chosen(siteTexts);
  const degrees = (value: number): string => `${number(locale.value, Math.abs(value), 2)}°\u00a0`;
  return `${degrees(latitude)}${latitude < 0 ? south : north}, ${degrees(longitude)}${longitude < 0 ? west : east}`;
}

function Diagram() {
  const text = chosen(siteTexts);
  const failed = useSignal(false);
  const shown = site.value!;
  const url = diagramUrl(shown.site, language.value);
  return (
    <section class="card diagram" aria-labelledby="diagram-title">
      <div class="card-head">
        <h3 id="diagram-title">{text.diagram}</h3>
        {!failed.value && <a class="diagram-save" href={url} download={`${shown.site}.svg`}>{text.download}</a>}
      </div>
      {failed.value ? <p class="soft">{text.failed}</p> : (
        <div class="diagram-space" tabIndex={0} role="group" aria-label={text.diagram}>
          <img src={url} alt={text.diagramOf(shown.title)} onError={() => (failed.value = true)} />
        </div>
      )}
    </section>
  );
}

function DeviceRow(props: { device: Device }) {
  const { device } = props;
  const text = chosen(siteTexts);
  const count = site.value!.channels.filter((channel) => channel.name.startsWith(`${device.name}.`)).length;
  return (
    <li>
      <b>{device.title ?? device.name}</b>
      <span class="soft">{text.kind[device.kind] ?? device.kind}{count > 0 && ` · ${text.readings(count)}`}</span>
      <NewestAge device={device} />
    </li>
  );
}
