import { useEffect, useState } from "preact/hooks";

import { api } from "../api/client.ts";
import { chartChannels, numberOf, type Flow } from "../logic/battery.ts";
import type { Aged } from "../logic/age.ts";
import { unpack } from "../logic/columns.ts";
import { outlook, type Outlook, type Past } from "../logic/outlook.ts";
import { serverNowS, site } from "../state.ts";

const SPAN_S = 86_400;
const BUCKET_S = 900;
const AGAIN_MS = 600_000;

/** The last day of a battery's charge and power; null before the answer, or where no such history is kept. */
function usePast(name: string, battery: string): Past | null {
  const [past, setPast] = useState<Past | null>(null);
  const { soc, flow } = chartChannels(site.value!, battery);
  const power = flow?.endsWith(".power") ? flow : null;
  useEffect(() => {
    setPast(null);
    if (soc === null || power === null) return undefined;
    let ended = false;
    const load = async (): Promise<void> => {
      const endS = Math.floor(serverNowS() / BUCKET_S) * BUCKET_S;
      try {
        const answer = await api.columns(name, [soc, power], endS - SPAN_S, endS, SPAN_S / BUCKET_S);
        const [charge, flowed] = answer.columns.map(unpack);
        if (!ended) setPast({ bucketS: answer.bucket_s, power: flowed!.mean, soc: charge!.mean });
      } catch {
        // Without the past nothing is foretold; the next round asks again.
      }
    };
    void load();
    const timer = window.setInterval(() => void load(), AGAIN_MS);
    return () => {
      ended = true;
      window.clearInterval(timer);
    };
  }, [name, soc, power]);
  return past;
}

/** When a battery will be full or empty if things go on as they do; null when nobody can tell. */
export function useOutlook(battery: string, read: (field: string) => Aged, flow: Flow): Outlook | null {
  const past = usePast(site.value!.site, battery);
  const soc = read("soc");
  const power = read("power");
  const socPct = numberOf(soc);
  const powerW = numberOf(power);
  if (past === null || socPct === null || powerW === null) return null;
  if (soc.quality !== "fresh" || power.quality !== "fresh" || flow === "rest") return null;
  return outlook(socPct, powerW, past, capacityWh(read));
}

/** What the battery says it holds, by its own voltage. */
function capacityWh(read: (field: string) => Aged): number | null {
  const capacityAh = numberOf(read("capacity"));
  const voltageV = numberOf(read("voltage"));
  return capacityAh === null || voltageV === null || capacityAh <= 0 ? null : capacityAh * voltageV;
}
