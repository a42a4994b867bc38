import { FARTHEST_H, rounded, type Outlook } from "../logic/outlook.ts";
import { words } from "../words/index.ts";

/** Two paces that differ by less are told as one. */
const ALIKE = 1.5;

/** "Full in about 2 h 15 min", or "Full in 2 h to 5 h"; keeps its place while nobody can tell. */
export function OutlookLine(props: { outlook: Outlook | null }) {
  const text = words().outlook;
  const { outlook } = props;
  return (
    <p class="outlook" title={outlook === null ? undefined : text.why}>
      {outlook === null ? "\u00a0" : said(outlook)}
    </p>
  );
}

function said(outlook: Outlook): string {
  const text = words().outlook;
  const { towards, nowH, recentH } = outlook;
  const [soonest, latest] = [Math.min(nowH, recentH), Math.max(nowH, recentH)];
  const time = (wanted: number): string => {
    const { hours, minutes } = rounded(wanted);
    return text.hours(hours, minutes);
  };
  if (soonest > FARTHEST_H) return text[towards](text.moreThan(text.twoDays));
  if (latest > FARTHEST_H) return text[towards](text.moreThan(time(soonest)));
  if (latest > soonest * ALIKE) return text[towards](text.between(time(soonest), time(latest)));
  return text[towards](text.about(time(recentH)));
}
