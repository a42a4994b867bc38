import { useEffect } from "preact/hooks";

import { batteries, numberOf, reader } from "../logic/battery.ts";
import { elapsed, heard, life, site } from "../state.ts";
import { locale, words } from "../words/index.ts";
import { withUnit } from "../words/format.ts";

/** Keeps the browser tab's title at "62 % · Noto", or at what is wrong. */
export function useTitle(): void {
  const title = pageTitle();
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function pageTitle(): string {
  const shown = site.value;
  const last = heard.value;
  if (shown === null || last === null) return "Stallaini";
  if (life.value === "never" || life.value === "stale") return `${words()[life.value]} · ${shown.title}`;
  const battery = batteries(shown)[0];
  if (battery === undefined) return shown.title;
  const socPct = numberOf(reader(shown, last.now, elapsed.value, battery.name)("soc"));
  return socPct === null ? shown.title : `${withUnit(locale.value, socPct, "%")} · ${shown.title}`;
}
