import "../style/sites.css";

import type { SiteRow } from "../api/types.ts";
import { addressOf, chosenSite, elapsed, serverNowS, sites } from "../state.ts";
import { age } from "../words/format.ts";
import { chosen, words } from "../words/index.ts";
import { siteTexts } from "../words/pages/sites.ts";

const WORST_FIRST = ["silent", "late", "live", "never"];

/** Every site with its state, those that need a look first. */
export default function SitesPage() {
  void elapsed.value;
  const rows = [...sites.value].sort(
    (one, other) => WORST_FIRST.indexOf(one.state) - WORST_FIRST.indexOf(other.state) || one.title.localeCompare(other.title),
  );
  return <ul class="column-whole sites">{rows.map((row) => <SiteCard key={row.site} row={row} />)}</ul>;
}

function SiteCard(props: { row: SiteRow }) {
  const { row } = props;
  const text = chosen(siteTexts);
  const heardS = row.heard_at === null ? null : Date.parse(row.heard_at) / 1000;
  return (
    <li class="card site-card" data-state={row.state}>
      <a href={addressOf("now", row.site)} aria-current={row.site === chosenSite.value ? "true" : undefined}>
        <b>{row.title}</b>
        <span class="site-state"><i />{text.state[row.state]}</span>
        <span class="soft">{heardS === null ? "" : text.heard(age(words(), Math.max(0, serverNowS() - heardS)))}</span>
      </a>
    </li>
  );
}
