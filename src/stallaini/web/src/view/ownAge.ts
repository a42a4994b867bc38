import type { Aged } from "../logic/age.ts";
import { life } from "../state.ts";
import { age } from "../words/format.ts";
import { words } from "../words/index.ts";

/** The age of a value that is stale while the page as a whole is not; else null. */
export function ownAge(value: Aged): string | null {
  const behind = value.quality === "stale" && value.ageS !== null && life.value !== "stale";
  return behind ? age(words(), value.ageS!) : null;
}
