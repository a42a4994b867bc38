import type { Command } from "../api/commands.ts";

/** What a person asks of a load: to run for some minutes, or to stop. */
export type Order = { do: "run"; load: string; minutes: number } | { do: "stop"; load: string };

const SHOWN_S = 3600;
const UNDER_WAY = ["waiting", "sent", "received"];

export const isUnderWay = (command: Command): boolean => UNDER_WAY.includes(command.state);

export const kindOf = (order: Order): string => `load.${order.do}`;

export const dataOf = ({ do: _, ...data }: Order): Command["data"] => data;

/** What a command asked of a load; null: it asked something else. */
export function orderOf(command: Command): Order | null {
  const { load, minutes } = command.data;
  if (typeof load !== "string") return null;
  if (command.kind === "load.run" && typeof minutes === "number") return { do: "run", load, minutes };
  return command.kind === "load.stop" ? { do: "stop", load } : null;
}

/** The newest order for a load that is under way or of the last hour; `commands` come newest first. */
export function newestOf(commands: readonly Command[], load: string, nowS: number): Command | null {
  const newest = commands.find((command) => orderOf(command)?.load === load);
  if (newest === undefined) return null;
  return isUnderWay(newest) || nowS - Date.parse(newest.made_at) / 1000 < SHOWN_S ? newest : null;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 20_000;

/** How long to wait before looking again, after so many looks since something changed. */
export const lookAgainMs = (looks: number): number => Math.min(LONGEST_MS, FIRST_MS * 1.4 ** looks);
