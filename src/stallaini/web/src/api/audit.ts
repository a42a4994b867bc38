import { call } from "./client.ts";

export interface AuditLine {
  id: number;
  at: string;
  /** Null: a stranger, or whoever may work at the server's machine. */
  actor: string | null;
  via: string;
  source: string;
  action: string;
  subject: string | null;
  site: string | null;
  detail: Record<string, string | number | boolean | null>;
}

const AT_ONCE = 50;

/** Lines of the audit, newest first; those older than `before`, and where to go on. */
export const audit = (before: string | null) =>
  call<{ lines: AuditLine[]; next: string | null }>(`/audit?limit=${AT_ONCE}${before === null ? "" : `&before=${before}`}`);
