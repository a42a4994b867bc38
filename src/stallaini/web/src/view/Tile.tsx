import type { Aged } from "../logic/age.ts";
import { numberOf } from "../logic/battery.ts";
import { life } from "../state.ts";
import { age, DASH, decimalsOf, number, unitSign } from "../words/format.ts";
import { locale, words } from "../words/index.ts";

/** One measured value; it tells its own age only when it is older than the page says. */
export function Tile(props: { label: string; value: Aged; signed?: boolean }) {
  const text = words();
  const { unit, ageS, quality } = props.value;
  const value = numberOf(props.value);
  const behind = quality === "stale" && life.value === "live" && ageS !== null;
  return (
    <div class="card tile" data-quality={quality}>
      <p class="tile-label">{props.label}</p>
      <p class="tile-value">
        {value === null ? DASH : number(locale.value, value, decimalsOf(unit), props.signed ?? false)}
        {value !== null && <span class="tile-unit">{`\u00a0${unitSign(unit)}`}</span>}
      </p>
      {(value === null || behind) && <p class="tile-note">{behind ? age(text, ageS) : text.notReported}</p>}
    </div>
  );
}
