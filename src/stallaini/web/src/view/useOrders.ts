import { useEffect, useRef, useState } from "preact/hooks";

import { commands, type Command } from "../api/commands.ts";
import { dataOf, isUnderWay, kindOf, lookAgainMs, type Order } from "../logic/orders.ts";
import { minutesHeard } from "../state.ts";

/** The newest commands of a site, followed until each has ended, and how to give one more. */
export function useOrders(site: string): { listed: Command[]; give: (order: Order) => Promise<void> } {
  const [listed, setListed] = useState<Command[]>([]);
  const timer = useRef<number | undefined>(undefined);
  const looks = useRef(0);

  const look = async (): Promise<void> => {
    window.clearTimeout(timer.current);
    const mine = (timer.current = window.setTimeout(() => void look(), lookAgainMs(looks.current)));
    looks.current += 1;
    try {
      const found = await commands.listed(site);
      if (timer.current !== mine) return;
      setListed(found);
      if (!found.some(isUnderWay)) window.clearTimeout(mine);
    } catch {
      // The header tells that the server is away; the next look may find it.
    }
  };

  useEffect(() => {
    setListed([]);
    looks.current = 0;
    // At once, and with each minute that comes: others give orders too.
    const unheard = minutesHeard.subscribe(() => void look());
    return () => {
      unheard();
      window.clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [site]);

  const give = async (order: Order): Promise<void> => {
    const made = await commands.send(site, kindOf(order), dataOf(order));
    setListed((known) => [made, ...known]);
    looks.current = 0;
    await look();
  };
  return { listed, give };
}
