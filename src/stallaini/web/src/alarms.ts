import { computed, effect, signal } from "@preact/signals";

import { api, ApiError } from "./api/client.ts";
import type { Alarm } from "./api/types.ts";
import { alarmsHeard, chosenSite, phase } from "./state.ts";

/** The stream tells at once what changes; asking now and then makes good for what it lost. */
const AGAIN_MS = 60_000;

/** The open alarms of the chosen site, newest first; null before the answer, or where the server has none to give. */
export const alarms = signal<Alarm[] | null>(null);

export const openAlarms = computed(() => alarms.value?.length ?? 0);

let asked = 0;

/** Ask anew; an answer that was overtaken by a later question is dropped. */
export async function loadAlarms(): Promise<void> {
  const site = chosenSite.peek();
  const turn = ++asked;
  if (site === null || phase.peek() !== "ready") return;
  try {
    const found = await api.alarms(site, "open");
    if (turn === asked) alarms.value = found;
  } catch (fault) {
    if (turn === asked && fault instanceof ApiError && fault.status === 404) alarms.value = null;
  }
}

effect(() => {
  const watched = phase.value === "ready" ? chosenSite.value : null;
  alarms.value = null;
  if (watched === null) return undefined;
  const unlessHidden = (): void => {
    if (!document.hidden) void loadAlarms();
  };
  void loadAlarms();
  const timer = window.setInterval(unlessHidden, AGAIN_MS);
  const unheard = alarmsHeard.subscribe((count) => count > 0 && void loadAlarms());
  document.addEventListener("visibilitychange", unlessHidden);
  return () => {
    window.clearInterval(timer);
    unheard();
    document.removeEventListener("visibilitychange", unlessHidden);
  };
});
