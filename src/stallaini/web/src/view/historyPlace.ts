import { computed, effect, signal } from "@preact/signals";

import { firstChoice, keptChannels, MOST_LINES } from "../logic/series.ts";
import { SPANS, type Span, type View } from "../logic/view.ts";
import { go, site } from "../state.ts";

// The address keeps what is looked at: #site=noto&span=week&show=battery.soc,solar.power&from=...&to=...
const address = (): URLSearchParams => new URLSearchParams(location.hash.slice(1));

function spanIn(place: URLSearchParams): Span {
  const wished = place.get("span") as Span;
  return SPANS.includes(wished) ? wished : "day";
}

function viewIn(place: URLSearchParams): View | null {
  const [startS, endS] = [Number(place.get("from")), Number(place.get("to"))];
  return startS > 0 && endS > startS ? { startS, endS } : null;
}

/** The span whose end is now, as chosen last. */
export const span = signal<Span>(spanIn(address()));

/** What hands made of it; null: the span itself, which moves on with the time. */
export const ownView = signal<View | null>(viewIn(address()));

const wished = signal<string[] | null>(address().get("show")?.split(",") ?? null);

/** The channels that are shown. */
export const shown = computed<string[]>(() => {
  if (site.value === null) return [];
  if (wished.value === null) return firstChoice(site.value);
  const kept = new Set(keptChannels(site.value).map((one) => one.channel));
  return wished.value.filter((channel) => kept.has(channel)).slice(0, MOST_LINES);
});

window.addEventListener("hashchange", () => {
  const place = address();
  span.value = spanIn(place);
  ownView.value = viewIn(place);
  wished.value = place.get("show")?.split(",") ?? null;
});

export function chooseSpan(chosen: Span): void {
  span.value = chosen;
  ownView.value = null;
  go({ span: chosen, from: "", to: "" });
}

export function choose(channels: string[]): void {
  wished.value = channels;
  go({ show: channels.join(",") });
}

let later: number | undefined;

/** Look elsewhere; the address follows when the hands rest, for browsers let it change but so often. */
export function look(view: View): void {
  ownView.value = view;
  window.clearTimeout(later);
  later = window.setTimeout(() => go({ from: String(Math.round(view.startS)), to: String(Math.round(view.endS)) }), 400);
}

// Another site has other series and another past.
let before: string | null = null;
effect(() => {
  const name = site.value?.site ?? null;
  if (name === null || name === before) return;
  if (before !== null) {
    wished.value = null;
    ownView.value = null;
  }
  before = name;
});
