import type { Role, Session } from "../api/types.ts";

const RANK: Record<string, number> = { viewer: 1, operator: 2, admin: 3 };

/** Whether somebody has a role, or a higher one, at a site; `*` asks for every site. */
export function may(session: Session | null, role: Role, site: string): boolean {
  if (session === null) return false;
  const roles = session.roles ?? {};
  const rank = Math.max(RANK[roles["*"] ?? ""] ?? 0, RANK[roles[site] ?? ""] ?? 0);
  return rank >= RANK[role]!;
}

/** Whether somebody administers any site at all. */
export const administers = (session: Session | null): boolean => Object.values(session?.roles ?? {}).includes("admin");

/** Somebody who has an account: the demo lets everyone in as nobody in particular. */
export const hasAccount = (session: Session | null): boolean => session !== null && session.via === "session";
