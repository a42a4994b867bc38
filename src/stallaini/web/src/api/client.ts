import type { Alarm, Budget, Columns, Energy, Now, Session, Site, SiteRow } from "./types.ts";

const PREFIX = "/api/v1";

/** A refusal by the server; `status` 0 means that it could not be reached at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfterS: number | null;

  constructor(status: number, message: string, retryAfterS: number | null = null) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

export async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(PREFIX + path, { credentials: "same-origin", cache: "no-store", ...init });
  } catch (fault) {
    throw new ApiError(0, String(fault));
  }
  if (!response.ok) {
    const retryAfter = Number(response.headers.get("retry-after"));
    throw new ApiError(response.status, await reasonOf(response), retryAfter > 0 ? retryAfter : null);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** What the server says is wrong (RFC 9457), or what its status means. */
async function reasonOf(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { detail: string }).detail;
  } catch {
    return response.statusText;
  }
}

/** Of the past: what the browser has already does not come again, and is shown while the server is away. */
async function kept<T>(path: string): Promise<T> {
  try {
    return await call<T>(path, { cache: "no-cache" });
  } catch (fault) {
    if (!(fault instanceof ApiError) || (fault.status > 0 && fault.status < 500)) throw fault;
    return await call<T>(path, { cache: "only-if-cached", mode: "same-origin" });
  }
}

/** Calls that change something carry this header, which no foreign page can send. */
const CHANGES = { "content-type": "application/json", "x-stallaini": "1" };

/** A call that changes something: POST, PUT, PATCH, DELETE. */
export const change = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  call<T>(path, { method, headers: CHANGES, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

export const sitePath = (site: string): string => `/sites/${encodeURIComponent(site)}`;

/** The single-line diagram of a site, an SVG that follows the theme. */
export const diagramUrl = (site: string, language: string): string =>
  `${PREFIX}${sitePath(site)}/diagram.svg?language=${language}`;

export const liveUrl = (site: string): string => `${PREFIX}${sitePath(site)}/live?changes=true`;

export const api = {
  session: () => call<Session>("/session"),
  login: (name: string, password: string) => change<Session>("POST", "/session", { name, password }),
  logout: () => change<void>("DELETE", "/session"),
  sites: async () => (await call<{ sites: SiteRow[] }>("/sites")).sites,
  site: (site: string) => call<Site>(sitePath(site)),
  now: (site: string) => call<Now>(`${sitePath(site)}/now`),
  columns: (site: string, names: string[], startS: number, endS: number, points: number) =>
    kept<Columns>(`${sitePath(site)}/columns?${span(startS, endS)}&points=${points}${named(names)}`),
  alarms: async (site: string, state: "open" | "all") =>
    (await call<{ alarms: Alarm[] }>(`${sitePath(site)}/alarms?state=${state}`)).alarms,
  budget: (site: string) => call<Budget>(`${sitePath(site)}/budget`),
  energy: (site: string, by: "day" | "month", startDay: string, endDay: string, names: string[]) =>
    kept<Energy>(`${sitePath(site)}/energy?by=${by}&start=${startDay}&end=${endDay}${named(names)}`),
};

const named = (names: string[]): string => names.map((name) => `&name=${encodeURIComponent(name)}`).join("");

function span(startS: number, endS: number): string {
  const iso = (unixS: number): string => new Date(unixS * 1000).toISOString().replace(".000Z", "Z");
  return `start=${iso(startS)}&end=${iso(endS)}`;
}
