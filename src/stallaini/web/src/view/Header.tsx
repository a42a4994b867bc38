import { chosenSite, elapsed, go, heard, life, link, phase, session, signOut, site, sites } from "../state.ts";
import { newestAgeS } from "../logic/age.ts";
import { age } from "../words/format.ts";
import { LANGUAGES, language, speak, words, wordsOf } from "../words/index.ts";

export function Header() {
  return (
    <header class="header">
      <div class="header-inner">
        <Mark />
        <SiteTitle />
        <Pulse />
        <Tools />
      </div>
    </header>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="12" />
      <path d="M16 4a12 12 0 1 1-11.400 15.750" />
    </svg>
  );
}

function SiteTitle() {
  const rows = sites.value;
  const chosen = chosenSite.value;
  const title = site.value?.title ?? rows.find((row) => row.site === chosen)?.title ?? "Stallaini";
  if (rows.length < 2) return <h1 class="site-title" title={title}>{title}</h1>;
  const text = words();
  return (
    <h1 class="site-title">
      <select
        class="site-picker"
        aria-label={text.site}
        value={chosen ?? ""}
        onChange={(event) => go({ site: event.currentTarget.value })}
      >
        {rows.map((row) => (
          <option key={row.site} value={row.site}>
            {row.site === chosen ? row.title : `${row.title} · ${text.siteState[row.state]}`}
          </option>
        ))}
      </select>
    </h1>
  );
}

/** Whether the values are live, and how old: seen at every place of the page. */
function Pulse() {
  const text = words();
  const state = life.value;
  if (phase.value === "ready" && sites.value.length === 0) return null;
  if (state === null || heard.value === null) {
    const waiting = phase.value === "unreachable" || link.value === "lost" ? text.reconnecting : text.loading;
    return <p class="pulse" data-state="wait"><span class="dot" />{waiting}</p>;
  }
  const ageS = newestAgeS(heard.value.now, elapsed.value);
  const word = link.value === "lost" && state === "stale" ? text.reconnecting : text[state];
  return (
    <p class="pulse" data-state={state}>
      <span class="dot" key={heard.value.now.at} />
      <span class="pulse-word">{word}</span>
      {ageS !== null && <span class="pulse-age">{age(text, ageS)}</span>}
    </p>
  );
}

function Tools() {
  const text = words();
  const other = LANGUAGES.find((each) => each !== language.value)!;
  // The demo signs everyone in as "demo"; signing out of it leads nowhere.
  const mayLeave = session.value !== null && session.value.name !== "demo";
  return (
    <nav class="tools" aria-label={text.language}>
      <button class="tool" type="button" lang={other} onClick={() => speak(other)}>
        <span>{other.toUpperCase()}<span class="unseen">{` ${wordsOf(other).languageName}`}</span></span>
      </button>
      {mayLeave && (
        <button class="tool" type="button" aria-label={text.logout} title={`${text.logout} (${session.value!.name})`} onClick={() => void signOut()}>
          <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M12 4.500V3H4v14h8v-1.500M8 10h9m-3-3 3 3-3 3" /></svg>
        </button>
      )}
    </nav>
  );
}
