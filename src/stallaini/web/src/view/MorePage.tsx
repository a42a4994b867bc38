import "../style/more.css";

import { addressOf, sites } from "../state.ts";
import { words } from "../words/index.ts";
import { BEHIND_MORE, PageIcon } from "./Nav.tsx";

/** On a phone: the pages its bar has no room for. */
export default function MorePage() {
  const text = words();
  const many = sites.value.length > 1 ? (["sites"] as const) : [];
  return (
    <ul class="card more">
      {[...many, ...BEHIND_MORE].map((each) => (
        <li key={each}>
          <a href={addressOf(each)}>
            <PageIcon page={each} />
            <span>{text.pages[each]}</span>
            <svg class="more-on" viewBox="0 0 24 24" aria-hidden="true"><path d="m9 6 6 6-6 6" /></svg>
          </a>
        </li>
      ))}
    </ul>
  );
}
