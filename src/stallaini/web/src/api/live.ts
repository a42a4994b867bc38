import { Follower, type Changes } from "../logic/changes.ts";
import { api, ApiError, liveUrl } from "./client.ts";
import type { Now } from "./types.ts";

export type LinkState = "connecting" | "open" | "lost";

export interface LiveEvents {
  onNow(now: Now): void;
  onMinute(): void;
  onAlarms(): void;
  onLink(state: LinkState): void;
  /** The session is over (401). */
  onSignedOut(): void;
}

const POLL_MS = 5_000;
/** Keepalives of the stream are invisible to a page, so a quiet stream is checked against /now. */
const QUIET_MS = 15_000;
/** An open page makes the site send live values over its metered link; a hidden page must not. */
const HIDDEN_MS = 20_000;

/** Seconds to wait before try number `failures` (1, 2, 4 ... 30), spread by `random` in 0..1. */
export function backOffS(failures: number, random: number): number {
  return Math.min(30, 2 ** Math.max(0, failures - 1)) * (0.75 + random / 2);
}

/** The live values of one site: a stream, with back-off when it breaks and polling meanwhile. */
export class LiveFeed {
  readonly #site: string;
  readonly #events: LiveEvents;
  #stream: EventSource | null = null;
  #retry: number | undefined;
  #poll: number | undefined;
  #hide: number | undefined;
  #failures = 0;
  #messageAtMs = 0;
  #follower: Follower | null = null;
  #away = false;
  #stopped = false;

  constructor(site: string, events: LiveEvents) {
    this.#site = site;
    this.#events = events;
  }

  start(): void {
    document.addEventListener("visibilitychange", this.#onVisibility);
    window.addEventListener("online", this.#reopen);
    this.#poll = window.setInterval(() => this.#tick(), POLL_MS);
    this.#reopen();
  }

  stop(): void {
    this.#stopped = true;
    document.removeEventListener("visibilitychange", this.#onVisibility);
    window.removeEventListener("online", this.#reopen);
    window.clearInterval(this.#poll);
    window.clearTimeout(this.#hide);
    this.#close();
  }

  #close(): void {
    window.clearTimeout(this.#retry);
    this.#stream?.close();
    this.#stream = null;
  }

  #reopen = (): void => {
    this.#close();
    if (document.hidden) return; // opened again when it is looked at
    this.#events.onLink("connecting");
    this.#messageAtMs = performance.now();
    this.#follower = null;
    const stream = new EventSource(liveUrl(this.#site));
    this.#stream = stream;
    stream.addEventListener("open", () => this.#events.onLink("open"));
    stream.addEventListener("now", (message) => {
      const now = JSON.parse(message.data as string) as Now;
      this.#follower = new Follower(now);
      this.#heard(now);
    });
    stream.addEventListener("changes", (message) => {
      if (this.#follower !== null) this.#heard(this.#follower.next(JSON.parse(message.data as string) as Changes));
    });
    stream.addEventListener("minute", () => this.#events.onMinute());
    stream.addEventListener("alarms", () => this.#events.onAlarms());
    stream.addEventListener("error", () => this.#onError());
  };

  #heard(now: Now): void {
    this.#failures = 0;
    this.#messageAtMs = performance.now();
    this.#events.onNow(now);
  }

  #onError(): void {
    this.#close();
    this.#failures += 1;
    this.#events.onLink("lost");
    this.#retry = window.setTimeout(this.#reopen, backOffS(this.#failures, Math.random()) * 1000);
    void this.#ask();
  }

  /** Ask once without the stream; null: no answer. */
  async #ask(): Promise<Now | null> {
    try {
      const now = await api.now(this.#site);
      if (this.#stopped) return now;
      this.#events.onNow(now);
      if (this.#away && this.#stream === null) this.#reopen(); // the server is back: no need to wait longer
      this.#away = false;
      return now;
    } catch (fault) {
      this.#away = true;
      if (fault instanceof ApiError && fault.status === 401 && !this.#stopped) this.#events.onSignedOut();
      return null;
    }
  }

  /** A stream that stayed quiet although the server has newer values, or no server, is dead. */
  async #checkQuietStream(): Promise<void> {
    this.#messageAtMs = performance.now();
    const now = await this.#ask();
    if (this.#stopped || this.#stream === null) return;
    if (now === null) this.#onError();
    else if (now.age_s !== null && now.age_s * 1000 < QUIET_MS / 2) this.#reopen();
  }

  #tick(): void {
    if (document.hidden) return;
    if (this.#stream === null) {
      void this.#ask();
    } else if (performance.now() - this.#messageAtMs > QUIET_MS) {
      void this.#checkQuietStream();
    }
  }

  #onVisibility = (): void => {
    window.clearTimeout(this.#hide);
    if (document.hidden) {
      this.#hide = window.setTimeout(() => this.#close(), HIDDEN_MS);
    } else if (this.#stream === null) {
      this.#reopen();
    }
  };
}
