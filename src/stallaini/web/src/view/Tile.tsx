import type { Aged } from "../logic/age.ts";
import { numberOf } from "../logic/battery.ts";
import { DASH, decimalsOf, number, unitSign } from "../words/format.ts";
import { locale, words } from "../words/index.ts";
import { ownAge } from "./ownAge.ts";

/** One measured value; it tells its own age only when it is older than the page says. */
export function Tile(props: { label: string; value: Aged; signed?: boolean }) {
  const text = words();
  const { unit, quality } = props.value;
  const behind = ownAge(props.value);
  const value = numberOf(props.value);
  return (
    <div class="card tile" data-quality={quality}>
      <p class="tile-label">{props.label}</p>
      <p class="tile-value">
        {value === null ? DASH : number(locale.value, value, decimalsOf(unit), props.signed ?? false)}
        {value !== null && <span class="tile-unit">{`\u00a0${unitSign(unit)}`}</span>}
      </p>
      {(value === null || behind) && <p class="tile-note">{behind ?? text.notReported}</p>}
    </div>
  );
}
