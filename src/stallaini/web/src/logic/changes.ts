import type { ChannelNow, Now, Quality } from "../api/types.ts";

/** What a live stream says after everything was told once (docs/reference/http-api.md, What is live). */
export interface Changes {
  /** Seconds since the event before. */
  t: number;
  /** The age of the newest value, and of every channel that follows it. */
  a?: number;
  /** Pairs: place, value; these follow from here on. */
  v?: number[];
  /** Triples: place, value, age; these age by themselves. */
  o?: (number | boolean | null)[];
  q?: Record<string, Quality>;
  x?: Record<string, string | null>;
  s?: Now["state"];
}

/** Puts changes onto the whole that was told first. */
export class Follower {
  #now: Now;
  readonly #names: string[];
  readonly #follows = new Set<number>();

  constructor(first: Now) {
    this.#now = first;
    this.#names = Object.keys(first.channels);
  }

  next(said: Changes): Now {
    const common = said.a ?? null;
    const rows = this.#names.map((name, place): ChannelNow => {
      const row = { ...this.#now.channels[name]! };
      if (row.age_s !== null) row.age_s = this.#follows.has(place) && common !== null ? common : row.age_s + said.t;
      return row;
    });
    this.#hearValues(said, rows, common);
    for (const [place, quality] of Object.entries(said.q ?? {})) rows[Number(place)]!.quality = quality;
    for (const [place, text] of Object.entries(said.x ?? {})) {
      if (text === null) delete rows[Number(place)]!.text;
      else rows[Number(place)]!.text = text;
    }
    this.#now = {
      ...this.#now,
      at: new Date(Date.parse(this.#now.at) + said.t * 1000).toISOString(),
      state: said.s ?? this.#now.state,
      age_s: common,
      channels: Object.fromEntries(this.#names.map((name, place) => [name, rows[place]!])),
    };
    return this.#now;
  }

  #hearValues(said: Changes, rows: ChannelNow[], common: number | null): void {
    const follow = said.v ?? [];
    for (let at = 0; at < follow.length; at += 2) {
      Object.assign(rows[follow[at]!]!, { value: follow[at + 1], age_s: common });
      this.#follows.add(follow[at]!);
    }
    const own = said.o ?? [];
    for (let at = 0; at < own.length; at += 3) {
      Object.assign(rows[own[at] as number]!, { value: own[at + 1], age_s: own[at + 2] });
      this.#follows.delete(own[at] as number);
    }
  }
}
