import { addressOf, page, type Page } from "../state.ts";
import { words } from "../words/index.ts";

const ICONS: Record<Page, string> = {
  now: "M3 12h3.500l2.500-7 5 14 2.500-7H21",
  history: "M4 4v16h16M8 15l3.500-4.500 3 2.500L19 7",
  data: "M5 10.500a10 10 0 0 1 14 0M8 14a6 6 0 0 1 8 0m-4 4v.01",
};

const IN_BAR: Page[] = ["now", "history", "data"];

/** The way to every page: a bar below on a phone, a rail at the side where there is room. */
export function Nav() {
  return (
    <nav class="nav" aria-label={words().navigation}>
      <ul>{IN_BAR.map((each) => <Place key={each} to={each} current={page.value === each} />)}</ul>
    </nav>
  );
}

function Place(props: { to: Page; current: boolean }) {
  const { to, current } = props;
  return (
    <li class="nav-place">
      <a href={addressOf(to)} aria-current={current ? "page" : undefined}>
        <span class="nav-icon"><PageIcon page={to} /></span>
        {words().pages[to]}
      </a>
    </li>
  );
}

export function PageIcon(props: { page: Page }) {
  return <svg viewBox="0 0 24 24" aria-hidden="true"><path d={ICONS[props.page]} /></svg>;
}
