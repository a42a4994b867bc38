import "../style/loads.css";

import type { ComponentChildren } from "preact";

import { loadsOf, spotsOf, STILL_W, type LoadSpot } from "../logic/flow.ts";
import { numberOf } from "../logic/battery.ts";
import { newestOf } from "../logic/orders.ts";
import { may } from "../logic/roles.ts";
import { elapsed, heard, serverNowS, session, site } from "../state.ts";
import { number, powerParts, withUnit } from "../words/format.ts";
import { chosen, locale } from "../words/index.ts";
import { loadTexts } from "../words/pages/loads.ts";
import { LastOrder, LoadOrder } from "./LoadOrder.tsx";
import { Message } from "./Message.tsx";
import { ownAge } from "./ownAge.ts";
import { useOrders } from "./useOrders.ts";

/** What the house draws in all, and each switchable consumer. */
export default function LoadsPage() {
  if (site.value === null || heard.value === null) return <div class="page-space" aria-hidden="true" />;
  return <Loads name={site.value.site} />;
}

function Loads(props: { name: string }) {
  const text = chosen(loadTexts);
  const { listed, give } = useOrders(props.name);
  const loads = loadsOf(site.value!, heard.value!.now, elapsed.value);
  if (loads.length === 0) return <Message title={text.none} note={text.noneNote} />;
  const steers = may(session.value, "operator", props.name);
  return (
    <div class="column column-whole">
      <Total />
      <ul class="loads">
        {loads.map((load) => (
          <LoadCard key={load.name} load={load}>
            <LastOrder command={newestOf(listed, load.name, serverNowS())} />
            {steers && <LoadOrder load={load.name} title={load.title} give={give} />}
          </LoadCard>
        ))}
      </ul>
      <p class="soft loads-note">{steers ? text.siteDecides : text.mayLook}</p>
    </div>
  );
}

function Total() {
  const text = chosen(loadTexts);
  const house = spotsOf(site.value!, heard.value!.now, elapsed.value).find((spot) => spot.place === "house");
  if (house === undefined || house.powerW === null) return null;
  return (
    <section class="card loads-total" data-quality={house.stale ? "stale" : "fresh"}>
      <h3>{text.total}</h3>
      <p class="loads-number">{inWords(Math.abs(house.powerW))}</p>
    </section>
  );
}

function inWords(powerW: number): string {
  const { value, unit } = powerParts(locale.value, powerW);
  return `${value}\u00a0${unit}`;
}

function LoadCard(props: { load: LoadSpot; children: ComponentChildren }) {
  const { load } = props;
  const text = chosen(loadTexts);
  const powerW = numberOf(load.power);
  const runs = powerW !== null && powerW >= STILL_W;
  const share = powerW === null || load.ratedW <= 0 ? 0 : Math.min(1, powerW / load.ratedW);
  return (
    <li class="card load" data-runs={runs} data-quality={powerW === null ? "unmetered" : load.power.quality}>
      <div class="card-head">
        <h3>{load.title}</h3>
        <span class="soft">{text.rated(withUnit(locale.value, load.ratedW, "W"))}</span>
      </div>
      {powerW === null ? <p class="soft load-note">{text.unmetered}</p> : (
        <>
          <p class="load-now">
            <b>{runs ? inWords(powerW) : text.rests}</b>
            {runs && <span class="soft">{` ${text.share(`${number(locale.value, share * 100, 0)}\u00a0%`)}`}</span>}
          </p>
          <div class="load-bar" aria-hidden="true"><i style={{ width: `${share * 100}%` }} /></div>
          {ownAge(load.power) !== null && <p class="soft load-note">{ownAge(load.power)}</p>}
        </>
      )}
      {props.children}
    </li>
  );
}
