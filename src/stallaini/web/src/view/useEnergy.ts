import { useEffect, useState } from "preact/hooks";

import { api } from "../api/client.ts";
import type { EnergyDay } from "../api/types.ts";
import { dayOf, knownZone } from "../logic/zone.ts";
import { serverNowS } from "../state.ts";

const AGAIN_MS = 600_000;
const DAYS = 7;

/** The last seven days of a site, today included; asked anew every ten minutes and when `today` turns. */
export function useEnergy(site: string | null, timezone: string, today: string | null): EnergyDay[] | null {
  const [days, setDays] = useState<EnergyDay[] | null>(null);
  useEffect(() => {
    setDays(null);
    if (site === null) return undefined;
    let ended = false;
    const load = async (): Promise<void> => {
      const zone = knownZone(timezone);
      const until = dayOf(serverNowS(), zone, 1);
      try {
        const answer = await api.energy(site, dayOf(serverNowS(), zone, 1 - DAYS), until);
        if (!ended) setDays(answer.days.filter((day) => day.day < until).slice(-DAYS));
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
  }, [site, timezone, today]);
  return days;
}
