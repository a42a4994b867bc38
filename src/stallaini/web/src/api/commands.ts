import { call, change, sitePath } from "./client.ts";

export type CommandState = "waiting" | "sent" | "received" | "done" | "refused" | "expired" | "unknown";

export interface Command {
  id: number;
  issuer: string;
  kind: string;
  data: Record<string, string | number | boolean | null>;
  state: CommandState;
  reason: string | null;
  made_at: string;
}

const NEWEST = 30;

export const commands = {
  listed: async (site: string) => (await call<{ commands: Command[] }>(`${sitePath(site)}/commands?limit=${NEWEST}`)).commands,
  send: (site: string, kind: string, data: Command["data"]) => change<Command>("POST", `${sitePath(site)}/commands`, { kind, data }),
};
