import { useEffect, useState } from "preact/hooks";

import { api, ApiError } from "../api/client.ts";
import type { History } from "../api/types.ts";
import { minutesHeard, serverNowS, signedOut, type Span } from "../state.ts";

export const SPAN_S: Record<Span, number> = { day: 86_400, week: 604_800 };

/** Buckets of 5 and of 30 minutes: about one for each pixel of a phone. */
const BUCKET_S: Record<Span, number> = { day: 300, week: 1_800 };
const AGAIN_S = 600;
const CHECK_MS = 30_000;

export interface Loaded {
  span: Span;
  startS: number;
  endS: number;
  soc: History | null;
  flow: History | null;
}

/** The history of up to two channels over the span that ends now; "failed" when the server refused. */
export function useHistory(site: string, soc: string | null, flow: string | null, span: Span): Loaded | "failed" | null {
  const [loaded, setLoaded] = useState<Loaded | "failed" | null>(null);
  useEffect(() => {
    let ended = false;
    let loadedAtS = -Infinity;
    const load = async (): Promise<void> => {
      const bucketS = BUCKET_S[span];
      if (serverNowS() - loadedAtS < Math.min(bucketS, AGAIN_S)) return;
      loadedAtS = serverNowS();
      const endS = Math.ceil(loadedAtS / bucketS) * bucketS;
      const startS = endS - SPAN_S[span];
      const ask = async (name: string | null): Promise<History | null> =>
        name === null ? null : await api.history(site, name, startS, endS, SPAN_S[span] / bucketS);
      try {
        const [socAnswer, flowAnswer] = await Promise.all([ask(soc), ask(flow)]);
        if (!ended) setLoaded({ span, startS, endS, soc: socAnswer, flow: flowAnswer });
      } catch (fault) {
        loadedAtS = -Infinity;
        if (ended) return;
        if (fault instanceof ApiError && fault.status === 401) signedOut();
        else setLoaded((before) => before ?? "failed");
      }
    };
    const forget = minutesHeard.subscribe(() => void load());
    const timer = window.setInterval(() => void load(), CHECK_MS);
    return () => {
      ended = true;
      forget();
      window.clearInterval(timer);
    };
  }, [site, soc, flow, span]);
  return loaded;
}
