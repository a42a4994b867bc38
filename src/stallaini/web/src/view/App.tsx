import { useEffect } from "preact/hooks";

import { begin, heard, life, phase, site, sites } from "../state.ts";
import { words } from "../words/index.ts";
import { Announcer } from "./Announcer.tsx";
import { BudgetCard } from "./BudgetCard.tsx";
import { DeviceCards } from "./DeviceCards.tsx";
import { EnergyCard } from "./EnergyCard.tsx";
import { Header } from "./Header.tsx";
import { HistoryCard } from "./HistoryCard.tsx";
import { Login } from "./Login.tsx";
import { Message } from "./Message.tsx";
import { NowCards } from "./NowCards.tsx";
import { Readings } from "./Readings.tsx";
import { useTitle } from "./title.ts";

export function App() {
  useTitle();
  const text = words();
  if (phase.value === "login") return <Login />;
  return (
    <>
      <a class="skip" href="#now" onClick={skip}>{text.skip}</a>
      <Header />
      <Announcer />
      <main id="main" class="page" aria-busy={phase.value === "loading"}>
        <Body />
      </main>
    </>
  );
}

/** The address after # belongs to the page's state, so the skip link moves the focus by hand. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("now")?.focus();
}

function Body() {
  const text = words();
  useEffect(() => {
    document.body.classList.toggle("is-stale", life.value === "stale");
  });
  if (phase.value === "unreachable") {
    return (
      <Message title={text.unreachable} note={text.unreachableNote}>
        <button class="button" type="button" onClick={() => void begin()}>{text.tryNow}</button>
      </Message>
    );
  }
  if (phase.value === "ready" && sites.value.length === 0) return <Message title={text.noSites} note={text.noSitesNote} />;
  if (life.value === "never") return <Message title={text.never} note={text.neverNote} />;
  const ready = site.value !== null && heard.value !== null;
  return (
    <>
      <div class="column">
        <NowCards />
      </div>
      <div class="column">
        {/* How many cards stand on top is told with the first values: what came before them would jump. */}
        {ready && <Cards />}
      </div>
    </>
  );
}

function Cards() {
  return (
    <>
      <DeviceCards />
      <HistoryCard />
      <EnergyCard />
      <BudgetCard />
      <Readings />
    </>
  );
}
