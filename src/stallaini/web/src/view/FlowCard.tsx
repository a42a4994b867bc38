import { loadsOf, spotsOf, STILL_W, travelS, type Place, type Spot } from "../logic/flow.ts";
import { numberOf } from "../logic/battery.ts";
import { elapsed, heard, site } from "../state.ts";
import { DASH, powerParts, withUnit } from "../words/format.ts";
import { locale, words } from "../words/index.ts";

const WIDTH = 360;
const HEIGHT = 318;
const CENTRE = { x: 180, y: 152 };
const RADIUS = 46;

/** Where each place stands around the middle. */
const AT: Record<Place, { x: number; y: number }> = {
  sun: { x: 180, y: 50 },
  generator: { x: 54, y: 152 },
  battery: { x: 180, y: 254 },
  house: { x: 306, y: 152 },
  rest: { x: 306, y: 152 },
};

const ICONS: Record<Place, string> = {
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.500v2m0 15v2m9.500-9.500h-2m-15 0h-2m16.200-6.700-1.400 1.400M6.700 17.300l-1.400 1.400m13.400 0-1.400-1.400M6.700 6.700 5.300 5.300",
  generator: "M4 8h12v9H4zm12 3h3v4h-3M7 8V5.500h4V8M8.500 15l1.500-2.500H8L9.500 10",
  battery: "M3 8h16v8.500H3zm16 2.500h2v3.500h-2",
  house: "M4 11l8-6.500L20 11M6 9.500V19h12V9.500M10 19v-5h4v5",
  rest: "M9 3v5m6-5v5M6 8h12v3a6 6 0 0 1-12 0zm6 9v4",
};

/** A battery against all the rest: two places stand side by side and are looked at from nearer. */
const PAIR: Partial<Record<Place, { x: number; y: number }>> = { battery: { x: 104, y: 152 }, rest: { x: 256, y: 152 } };
const PAIR_VIEW = "44 32 272 240";

/** Sun, generator, battery and house around the middle, with what flows between them now. */
export function FlowCard() {
  const text = words();
  if (site.value === null || heard.value === null) {
    return <div class="card flow skeleton" aria-hidden="true"><svg class="flow-picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} /></div>;
  }
  const spots = spotsOf(site.value, heard.value.now, elapsed.value);
  if (spots.length < 2) return null;
  const pair = spots.some((spot) => spot.place === "rest");
  const at = (place: Place) => (pair ? PAIR[place] : undefined) ?? AT[place];
  return (
    <section class="card flow" data-pair={pair} aria-labelledby="flow-title">
      <h2 class="unseen" id="flow-title">{text.energyNow}</h2>
      <ul class="unseen">{spots.map((spot) => <li key={spot.place}>{inWords(spot)}</li>)}</ul>
      <svg class="flow-picture" viewBox={pair ? PAIR_VIEW : `0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        {spots.map((spot) => <Line key={spot.place} spot={spot} at={at(spot.place)} />)}
        <circle class="flow-middle" cx={CENTRE.x} cy={CENTRE.y} r="7" />
        {spots.map((spot) => <Circle key={spot.place} spot={spot} at={at(spot.place)} />)}
        {!pair && <Running />}
      </svg>
    </section>
  );
}

const moves = (spot: Spot): boolean => spot.powerW !== null && Math.abs(spot.powerW) >= STILL_W;

/** The line between a place and the middle; dots run along it the way the energy goes. */
function Line(props: { spot: Spot; at: { x: number; y: number } }) {
  const { spot, at } = props;
  const length = Math.hypot(at.x - CENTRE.x, at.y - CENTRE.y);
  const share = RADIUS / length;
  const from = { x: at.x + (CENTRE.x - at.x) * share, y: at.y + (CENTRE.y - at.y) * share };
  const inward = `M${from.x} ${from.y}L${CENTRE.x} ${CENTRE.y}`;
  const outward = `M${CENTRE.x} ${CENTRE.y}L${from.x} ${from.y}`;
  const going = moves(spot);
  return (
    <g class="flow-line" data-place={spot.place} data-moves={going} data-stale={spot.stale} data-way={going ? (spot.powerW! > 0 ? "in" : "out") : "none"}>
      <path class="flow-wire" d={inward} />
      {going && <path class="flow-dots" d={spot.powerW! > 0 ? inward : outward} style={{ animationDuration: `${travelS(spot.powerW!)}s` }} />}
    </g>
  );
}

function Circle(props: { spot: Spot; at: { x: number; y: number } }) {
  const { spot } = props;
  const { x, y } = props.at;
  const shown = spot.powerW === null ? null : powerParts(locale.value, Math.abs(spot.powerW));
  return (
    <g class="flow-spot" data-place={spot.place} data-moves={moves(spot)} data-stale={spot.stale} transform={`translate(${x} ${y})`}>
      <circle r={RADIUS} />
      {spot.place === "battery" && <Level socPct={spot.socPct ?? null} />}
      <path class="flow-glyph" transform="translate(-10.500 -36) scale(.875)" d={ICONS[spot.place]} />
      <text y="5" class="flow-value">
        {shown === null ? DASH : shown.value}
        {shown !== null && <tspan class="flow-unit">{`\u00a0${shown.unit}`}</tspan>}
      </text>
      <text y="23" class="flow-name">
        {spot.socPct == null ? words().places[spot.place] : withUnit(locale.value, spot.socPct, "%")}
      </text>
    </g>
  );
}

/** The charge as a ring over the battery's own. */
function Level(props: { socPct: number | null }) {
  if (props.socPct === null || props.socPct <= 0) return null;
  const length = 2 * Math.PI * RADIUS;
  return <circle class="flow-level" r={RADIUS} transform="rotate(-90)" stroke-dasharray={`${(length * Math.min(100, props.socPct)) / 100} ${length}`} />;
}

function inWords(spot: Spot): string {
  const text = words();
  const name = text.places[spot.place];
  if (spot.powerW === null) return `${name}: ${text.notReported}`;
  const { value, unit } = powerParts(locale.value, Math.abs(spot.powerW));
  const way = spot.place !== "battery" || !moves(spot) ? "" : `, ${text.flow[spot.powerW > 0 ? "discharging" : "charging"].toLowerCase()}`;
  return `${name}: ${value}\u00a0${unit}${way}${spot.stale ? ` (${text.flagsThen})` : ""}`;
}

const MOST_RUNNING = 3;
const LONGEST_TITLE = 16;

/** The metered consumers that run, the hungriest first, below the house. */
function Running() {
  const running = loadsOf(site.value!, heard.value!.now, elapsed.value)
    .map((load) => ({ ...load, powerW: numberOf(load.power) ?? 0 }))
    .filter((load) => load.powerW >= STILL_W)
    .sort((one, other) => other.powerW - one.powerW);
  return (
    <>
      {running.slice(0, MOST_RUNNING).map((load, index) => (
        <text key={load.name} class="flow-load" data-stale={load.power.quality !== "fresh"} x={AT.house.x} y={218 + index * 34}>
          {load.title.length > LONGEST_TITLE ? `${load.title.slice(0, LONGEST_TITLE - 1)}…` : load.title}
          <tspan class="flow-load-power" x={AT.house.x} dy="15">{watts(load.powerW)}</tspan>
        </text>
      ))}
    </>
  );
}

function watts(powerW: number): string {
  const { value, unit } = powerParts(locale.value, powerW);
  return `${value}\u00a0${unit}`;
}
