import { useEffect, useState } from "preact/hooks";

import { api } from "../api/client.ts";
import type { BudgetTold } from "../api/types.ts";

const AGAIN_MS = 300_000;
/** Whoever looks makes the site tell; until it has, it is asked more often. */
const UNTOLD_MS = 15_000;

/** What a site told of its data plan; null before it told anything, undefined before the answer. */
export function useBudget(site: string | null): BudgetTold | null | undefined {
  const [told, setTold] = useState<BudgetTold | null>();
  useEffect(() => {
    setTold(undefined);
    if (site === null) return undefined;
    let ended = false;
    let timer: number | undefined;
    const load = async (): Promise<void> => {
      let known = true;
      try {
        const answer = await api.budget(site);
        if (ended) return;
        setTold(answer.told);
        known = answer.told !== null;
      } catch {
        // The card keeps what it had; the header tells that the server is away.
      }
      if (!ended) timer = window.setTimeout(() => void load(), known ? AGAIN_MS : UNTOLD_MS);
    };
    void load();
    return () => {
      ended = true;
      window.clearTimeout(timer);
    };
  }, [site]);
  return told;
}
