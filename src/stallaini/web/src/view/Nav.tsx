import type { ComponentChildren } from "preact";

import { addressOf, page, sites, type Page } from "../state.ts";
import { openAlarms } from "../alarms.ts";
import { words } from "../words/index.ts";

const ICONS: Record<Exclude<Page, "audit">, string> = {
  now: "M3 12h3.500l2.500-7 5 14 2.500-7H21",
  history: "M4 4v16h16M8 15l3.500-4.500 3 2.500L19 7",
  loads: "M9 3v5m6-5v5M6 8h12v3a6 6 0 0 1-12 0zm6 9v4",
  alarms: "M6 16v-5.500a6 6 0 0 1 12 0V16l1.500 2h-15zM10.500 21h3",
  data: "M5 10.500a10 10 0 0 1 14 0M8 14a6 6 0 0 1 8 0m-4 4v.01",
  site: "M12 3v4m-4 0h8v5H8zm4 5v4M5 16h14M5 16v4m7-4v4m7-4v4",
  settings: "M4 7h9m4 0h3M4 17h3m4 0h9M15 4.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5zM9 14.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z",
  sites: "M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm10 0h6v6h-6z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
};

type Shown = keyof typeof ICONS;

/** Pages that a phone's bar has no room for: they are listed behind its last place. */
export const BEHIND_MORE: Shown[] = ["data", "site", "settings"];
const IN_BAR: Shown[] = ["now", "history", "loads", "alarms"];

/** The way to every page: a bar below on a phone, a rail at the side where there is room. */
export function Nav() {
  const text = words();
  const many: Shown[] = sites.value.length > 1 ? ["sites"] : [];
  const behind = [...many, ...BEHIND_MORE];
  // What happened is a part of the settings.
  const here = page.value === "audit" ? "settings" : page.value;
  return (
    <nav class="nav" aria-label={text.navigation}>
      <ul>
        {IN_BAR.map((each) => <Place key={each} to={each} current={here === each} />)}
        {behind.map((each) => <Place key={each} to={each} current={here === each} kind="behind" />)}
        <Place to="more" current={here === "more" || behind.includes(here)} kind="more" />
      </ul>
    </nav>
  );
}

function Place(props: { to: Shown; current: boolean; kind?: string }) {
  const { to, current, kind } = props;
  const count = to === "alarms" ? openAlarms.value : 0;
  return (
    <li class="nav-place" data-kind={kind}>
      <a href={addressOf(to)} aria-current={current ? "page" : undefined}>
        <span class="nav-icon">
          <PageIcon page={to} />
          {count > 0 && <Badge>{count > 99 ? "99+" : count}</Badge>}
        </span>
        {words().pages[to]}
        {count > 0 && <span class="unseen">{`, ${words().openAlarms(count)}`}</span>}
      </a>
    </li>
  );
}

function Badge(props: { children: ComponentChildren }) {
  return <span class="nav-badge" aria-hidden="true">{props.children}</span>;
}

export function PageIcon(props: { page: Shown }) {
  return <svg viewBox="0 0 24 24" aria-hidden="true"><path d={ICONS[props.page]} /></svg>;
}
