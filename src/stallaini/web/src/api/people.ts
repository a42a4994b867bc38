import { call, change, sitePath } from "./client.ts";
import type { Role, Session, Severity } from "./types.ts";

export interface Chat {
  telegram_id: number;
  name: string;
  joined_at: string;
}

export interface Account {
  name: string;
  language: string;
  has_password: boolean;
  roles: Record<string, Role>;
  chats: Chat[] | null;
}

export interface SessionRow {
  id: string;
  current: boolean;
  seen_at: string;
  source: string;
  agent: string;
}

export interface Token {
  id: string;
  label: string;
  prefix: string;
  person: string | null;
  role: string;
  site: string;
  used_at: string | null;
}

export interface Invitation {
  id: string;
  state: string;
  role: Role | null;
  site: string | null;
  person: string | null;
  expires_at: string;
}

export interface InvitationMade {
  code: string;
  path: string | null;
}

export interface Offer {
  role: Role | null;
  site: string | null;
  person: string | null;
}

export interface Contact {
  email: string;
  webhook: string;
  ntfy: string;
}

export interface Quiet {
  start: string;
  end: string;
}

export const WAYS = ["telegram", "email", "ntfy", "webhook"] as const;
export const PERIODS = ["day", "week"] as const;

/** Somebody who is told: turn 0 at once, turn 1 when nobody has attended to it in time, and so on. */
export interface Told {
  person: string;
  ways: (typeof WAYS)[number][];
  severity: Severity;
  turn: number;
  digest: (typeof PERIODS)[number][];
}

export interface AlarmSettings {
  mute_until: string | null;
  quiet: Quiet | null;
  escalate_after_min: number | null;
  /** Null: everybody who may steer the site, by Telegram. */
  told: Told[] | null;
}

const segment = encodeURIComponent;

/** A list that comes in pages, whole. */
async function all<Row>(path: string, key: string): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null = null;
  do {
    const query: string = after === null ? "" : `?after=${segment(after)}`;
    const answer = await call<Record<string, unknown>>(path + query);
    rows.push(...(answer[key] as Row[]));
    after = (answer["next"] as string | null | undefined) ?? null;
  } while (after !== null);
  return rows;
}

export const people = {
  account: () => call<Account>("/account"),
  speak: (language: string) => change<void>("PATCH", "/account", { language }),
  setPassword: (current: string, fresh: string) => change<void>("POST", "/account/password", { current, new: fresh }),
  linkTelegram: () => change<InvitationMade>("POST", "/account/telegram"),
  unlinkTelegram: (id: number) => change<void>("DELETE", `/account/telegram/${id}`),
  sessions: async () => (await call<{ sessions: SessionRow[] }>("/sessions")).sessions,
  endSession: (id: string) => change<void>("DELETE", `/sessions/${segment(id)}`),
  endOtherSessions: () => change<void>("DELETE", "/sessions"),
  tokens: () => all<Token>("/tokens", "tokens"),
  makeToken: (label: string, role: string, site: string) => change<{ secret: string }>("POST", "/tokens", { label, role, site }),
  revokeToken: (id: string) => change<void>("DELETE", `/tokens/${segment(id)}`),
  listed: () => all<Account>("/people", "people"),
  giveRole: (name: string, site: string, role: Role) => change<void>("PUT", `/people/${segment(name)}/roles/${segment(site)}`, { role }),
  takeRole: (name: string, site: string) => change<void>("DELETE", `/people/${segment(name)}/roles/${segment(site)}`),
  remove: (name: string) => change<void>("DELETE", `/people/${segment(name)}`),
  invitations: () => all<Invitation>("/invitations", "invitations"),
  invite: (role: Role, site: string, language: string) => change<InvitationMade>("POST", "/invitations", { role, site, language }),
  revokeInvitation: (id: string) => change<void>("DELETE", `/invitations/${segment(id)}`),
  offer: (code: string) => change<Offer>("POST", "/join/offer", { code }),
  join: (code: string, name: string | null, password: string, language: string) =>
    change<Session>("POST", "/join", name === null ? { code, password } : { code, name, password, language }),
  accept: (code: string) => change<void>("POST", "/join/accept", { code }),
  contact: () => call<Contact>("/account/contact"),
  setContact: (contact: Contact) => change<Contact>("PUT", "/account/contact", contact),
  alarmSettings: (site: string) => call<AlarmSettings>(`${sitePath(site)}/alarm-settings`),
  setAlarmSettings: (site: string, settings: Omit<AlarmSettings, "mute_until">) =>
    change<AlarmSettings>("PUT", `${sitePath(site)}/alarm-settings`, settings),
  mute: (site: string, minutes: number | null) => change<AlarmSettings>("PUT", `${sitePath(site)}/mute`, { minutes }),
};
