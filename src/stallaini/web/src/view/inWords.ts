import type { Aged } from "../logic/age.ts";
import { decimalsOf, withUnit } from "../words/format.ts";
import { locale, stateOf, words } from "../words/index.ts";

/** A value of any quantity in words. */
export function inWords(value: Aged, quantity: string): string {
  const text = words();
  if (value.value === null) return text.notReported;
  if (value.text !== null) return stateOf(value.text);
  if (quantity === "flag") return value.value ? text.yes : text.no;
  return withUnit(locale.value, Number(value.value), value.unit, decimalsOf(value.unit, quantity));
}
