/** What part of the past is looked at. Instants are Unix seconds. */

export type Span = "day" | "week" | "month" | "year" | "all";

export const SPANS: Span[] = ["day", "week", "month", "year", "all"];

const DAY_S = 86_400;
export const SPAN_S: Record<Exclude<Span, "all">, number> = { day: DAY_S, week: 7 * DAY_S, month: 30 * DAY_S, year: 365 * DAY_S };

export interface View {
  startS: number;
  endS: number;
}

/** The past that can be looked at: from the first minute to now. */
export type Bounds = View;

export const LEAST_SPAN_S = 600;

/** Buckets that the server is asked for: whole parts of a day, then whole days. */
const BUCKETS_S = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, ...[1, 2, 4, 7, 14, 28].map((days) => days * DAY_S)];
const LEAST_POINTS = 400;
const POINTS_PER_PX = 0.8;
/** Windows begin at multiples of so many buckets, so that asking again asks for the same. */
const ALIGNED = 16;

/** The finest buckets of which a chart so wide shows no more than it has room for. */
export function bucketS(spanS: number, widthPx: number): number {
  const points = Math.max(LEAST_POINTS, widthPx * POINTS_PER_PX);
  return BUCKETS_S.find((each) => spanS / each <= points) ?? BUCKETS_S.at(-1)!;
}

export function spanView(span: Span, bounds: Bounds): View {
  if (span === "all") return { startS: Math.min(bounds.startS, bounds.endS - DAY_S), endS: bounds.endS };
  return { startS: bounds.endS - SPAN_S[span], endS: bounds.endS };
}

/** Half a view to either side, as far as there is a past; whole buckets. */
export function windowOf(view: View, bounds: Bounds, widthPx: number): View & { bucketS: number } {
  const spanS = view.endS - view.startS;
  const each = bucketS(spanS, widthPx);
  const step = each < DAY_S ? each * ALIGNED : each;
  const least = Math.min(bounds.startS, view.startS);
  const startS = Math.floor(Math.max(least, view.startS - spanS / 2) / step) * step;
  const endS = Math.ceil(Math.min(bounds.endS, view.endS + spanS / 2) / step) * step;
  return { startS, endS: Math.max(endS, startS + step), bucketS: each };
}

/** Within what there is, as long as it was, no shorter than can be told apart. */
export function clamped(view: View, bounds: Bounds): View {
  const longest = Math.max(bounds.endS - bounds.startS, SPAN_S.day);
  const spanS = Math.min(longest, Math.max(LEAST_SPAN_S, view.endS - view.startS));
  const middle = (view.startS + view.endS) / 2;
  const endS = Math.min(bounds.endS, Math.max(middle + spanS / 2, Math.min(bounds.startS + spanS, bounds.endS)));
  return { startS: endS - spanS, endS };
}

export function zoomed(view: View, factor: number, aroundS: number, bounds: Bounds): View {
  const spanS = Math.min(Math.max(bounds.endS - bounds.startS, SPAN_S.day), Math.max(LEAST_SPAN_S, (view.endS - view.startS) * factor));
  const share = (aroundS - view.startS) / (view.endS - view.startS);
  return clamped({ startS: aroundS - share * spanS, endS: aroundS + (1 - share) * spanS }, bounds);
}

export const moved = (view: View, byS: number, bounds: Bounds): View =>
  clamped({ startS: view.startS + byS, endS: view.endS + byS }, bounds);
