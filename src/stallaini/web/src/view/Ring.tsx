import type { Aged } from "../logic/age.ts";
import { numberOf, type Flow } from "../logic/battery.ts";
import { DASH, number, withUnit } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { ownAge } from "./ownAge.ts";

const RADIUS = 88;
const LENGTH = 2 * Math.PI * RADIUS;

/** The state of charge as a ring around its number. */
export function Ring(props: { soc: Aged; flow: Flow }) {
  const text = words();
  const socPct = numberOf(props.soc);
  const share = socPct === null ? 0 : Math.min(1, Math.max(0, socPct / 100));
  return (
    <div class="ring" data-quality={props.soc.quality} data-flow={props.flow} {...told(socPct)}>
      <svg viewBox="0 0 208 208" aria-hidden="true">
        <circle class="ring-track" cx="104" cy="104" r={RADIUS} />
        {share > 0 && (
          <circle
            class="ring-level" cx="104" cy="104" r={RADIUS} transform="rotate(-90 104 104)"
            stroke-dasharray={`${share * LENGTH} ${LENGTH}`}
          />
        )}
      </svg>
      <div class="ring-inside" aria-hidden="true">
        <p class="ring-number" data-testid="soc">
          {socPct === null ? DASH : number(locale.value, socPct, 0)}<span class="ring-unit">%</span>
        </p>
        <p class="ring-label">{ownAge(props.soc) ?? text.soc}</p>
      </div>
    </div>
  );
}

/** A meter has a value; without one the ring is but a picture of that. */
function told(socPct: number | null) {
  const { soc, notReported } = words();
  if (socPct === null) return { role: "img", "aria-label": `${soc}: ${notReported}` } as const;
  return {
    role: "meter",
    "aria-label": soc,
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-valuenow": socPct,
    "aria-valuetext": withUnit(locale.value, socPct, "%"),
  } as const;
}
