import { useEffect, useState } from "preact/hooks";

import { api } from "../api/client.ts";
import type { EnergyDay } from "../api/types.ts";
import { askedOf, type By } from "../logic/energy.ts";
import { knownZone } from "../logic/zone.ts";
import { serverNowS } from "../state.ts";

const AGAIN_MS = 600_000;

export interface LoadedEnergy {
  by: By;
  channel: string;
  days: EnergyDay[];
}

/** A channel's energy by day or month up to today; asked anew every ten minutes and when `today` turns. */
export function useEnergy(site: string, timezone: string, today: string, by: By, channel: string): LoadedEnergy | null {
  const [loaded, setLoaded] = useState<LoadedEnergy | null>(null);
  useEffect(() => {
    let ended = false;
    const load = async (): Promise<void> => {
      const asked = askedOf(by, serverNowS(), knownZone(timezone));
      try {
        const answer = await api.energy(site, asked.by, asked.start, asked.end, [channel]);
        if (!ended) setLoaded({ by, channel, days: answer.days });
      } catch {
        // The card keeps what it had; the header tells that the server is away.
      }
    };
    void load();
    const timer = window.setInterval(() => void load(), AGAIN_MS);
    return () => {
      ended = true;
      window.clearInterval(timer);
    };
  }, [site, timezone, today, by, channel]);
  return loaded;
}
