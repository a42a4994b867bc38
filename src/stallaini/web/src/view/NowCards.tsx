import type { Device } from "../api/types.ts";
import { newestAgeS } from "../logic/age.ts";
import { batteries, flowOf, numberOf, raisedFlags, reader } from "../logic/battery.ts";
import { knownZone, dayOf } from "../logic/zone.ts";
import { elapsed, heard, life, serverNowS, site } from "../state.ts";
import { age, clock, dayAndClock } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { Flags } from "./Flags.tsx";
import { OutlookLine } from "./OutlookLine.tsx";
import { Permission } from "./Permission.tsx";
import { Power } from "./Power.tsx";
import { Ring } from "./Ring.tsx";
import { Tile } from "./Tile.tsx";
import { useOutlook } from "./useOutlook.ts";

export function NowCards() {
  const text = words();
  const shown = site.value;
  if (shown === null || heard.value === null) return <Skeleton />;
  const found = batteries(shown);
  return (
    <section aria-label={text.now} class="now">
      {found.length === 0 && <p class="card message">{text.noBattery}</p>}
      {found.map((device) => <BatteryCard key={device.name} device={device} named={found.length > 1} />)}
    </section>
  );
}

/** When nothing is live: since when, and that the values below are old. */
export function StaleNote() {
  if (life.value !== "stale") return null;
  const text = words();
  const ageS = newestAgeS(heard.value!.now, elapsed.value)!;
  const zone = knownZone(site.value!.timezone);
  const nowS = serverNowS();
  const heardS = nowS - ageS;
  const sameDay = dayOf(heardS, zone) === dayOf(nowS, zone);
  const at = (sameDay ? clock : dayAndClock)(locale.value, zone, heardS);
  return (
    <div class="stale-note">
      <strong>{text.lastHeard(at, age(text, ageS))}</strong>
      <span>{text.staleNote}</span>
    </div>
  );
}

function BatteryCard(props: { device: Device; named: boolean }) {
  const text = words();
  const shown = site.value!;
  const now = heard.value!.now;
  const name = props.device.name;
  const read = reader(shown, now, elapsed.value, name);
  const power = read("power");
  const flow = flowOf(numberOf(power));
  const { raised, reported } = raisedFlags(now, shown, name, elapsed.value);
  return (
    <article class="battery" aria-label={props.device.title ?? name}>
      {props.named && <h2 class="battery-title">{props.device.title ?? name}</h2>}
      <Flags raised={raised} reported={reported} />
      <div class="card hero">
        <Ring soc={read("soc")} flow={flow} />
        <div class="hero-words">
          <Power power={power} flow={flow} />
          <OutlookLine outlook={useOutlook(name, read, flow)} />
        </div>
      </div>
      <div class="tiles">
        <Tile label={text.voltage} value={read("voltage")} />
        <Tile label={text.current} value={read("current")} signed />
        <Tile label={text.temperature} value={read("temperature")} />
        <Tile label={text.soh} value={read("soh")} />
      </div>
      <div class="card permissions">
        <Permission way="charge" read={read} />
        <Permission way="discharge" read={read} />
      </div>
    </article>
  );
}

/** Holds every place while the first answer is on its way, so that nothing jumps. */
function Skeleton() {
  return (
    <section class="now" aria-hidden="true">
      <div class="battery">
        <div class="flags-space" />
        <div class="card hero skeleton" />
        <div class="tiles">
          {[1, 2, 3, 4].map((each) => <div key={each} class="card tile skeleton" />)}
        </div>
        <div class="card permissions skeleton" />
      </div>
    </section>
  );
}
