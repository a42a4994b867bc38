import type { Budget, Energy, History, Now, Session, Site, SiteRow } from "./types.ts";

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

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(PREFIX + path, { credentials: "same-origin", cache: "no-store", ...init });
  } catch (fault) {
    throw new ApiError(0, String(fault));
  }
  if (!response.ok) {
    const retryAfter = Number(response.headers.get("retry-after"));
    throw new ApiError(response.status, response.statusText, retryAfter > 0 ? retryAfter : null);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Calls that change something carry this header, which no foreign page can send. */
const CHANGES = { "content-type": "application/json", "x-stallaini": "1" };

const sitePath = (site: string): string => `/sites/${encodeURIComponent(site)}`;

export const liveUrl = (site: string): string => `${PREFIX}${sitePath(site)}/live`;

export const api = {
  session: () => call<Session>("/session"),
  login: (name: string, password: string) =>
    call<Session>("/session", { method: "POST", headers: CHANGES, body: JSON.stringify({ name, password }) }),
  logout: () => call<void>("/session", { method: "DELETE", headers: CHANGES }),
  sites: async () => (await call<{ sites: SiteRow[] }>("/sites")).sites,
  site: (site: string) => call<Site>(sitePath(site)),
  now: (site: string) => call<Now>(`${sitePath(site)}/now`),
  history: (site: string, name: string, startS: number, endS: number, points: number) =>
    call<History>(`${sitePath(site)}/series?${span(startS, endS)}&name=${encodeURIComponent(name)}&points=${points}`),
  budget: (site: string) => call<Budget>(`${sitePath(site)}/budget`),
  energy: (site: string, startDay: string, endDay: string) =>
    call<Energy>(`${sitePath(site)}/energy?by=day&start=${startDay}&end=${endDay}`),
};

function span(startS: number, endS: number): string {
  const iso = (unixS: number): string => new Date(unixS * 1000).toISOString().replace(".000Z", "Z");
  return `start=${iso(startS)}&end=${iso(endS)}`;
}
