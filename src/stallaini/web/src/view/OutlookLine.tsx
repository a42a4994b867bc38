import type { Outlook } from "../logic/outlook.ts";
import { rounded } from "../logic/outlook.ts";
import { words } from "../words/index.ts";

/** "Full in about 2 h 15 min"; keeps its place while nobody can tell. */
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
  if (outlook.hours === null) return text[`${outlook.towards}Far`];
  const { hours, minutes } = rounded(outlook.hours);
  return text[outlook.towards](text.hours(hours, minutes));
}
