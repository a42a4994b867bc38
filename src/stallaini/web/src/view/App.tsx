import { useEffect, useRef } from "preact/hooks";

import { begin, life, page, phase, sites, type Page } from "../state.ts";
import { words } from "../words/index.ts";
import { Announcer } from "./Announcer.tsx";
import { Header } from "./Header.tsx";
import { Login } from "./Login.tsx";
import { Message } from "./Message.tsx";
import { Nav } from "./Nav.tsx";
import { NowPage } from "./NowPage.tsx";
import { LoadedPage } from "./pages.tsx";
import { useTitle } from "./title.ts";

export function App() {
  useTitle();
  const text = words();
  if (location.pathname === "/join") return <LoadedPage page="join" />;
  if (phase.value === "login") return <Login />;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>{text.skip}</a>
      <Header />
      <Announcer />
      <main id="main" class="page" tabIndex={-1} data-page={page.value} aria-busy={phase.value === "loading"}>
        <Body />
      </main>
      <Nav />
    </>
  );
}

/** The address after # belongs to the page's state, so the skip link moves the focus by hand. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
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
  const shown = page.value;
  if (shown === "now") return life.value === "never" ? <Message title={text.never} note={text.neverNote} /> : <NowPage />;
  return (
    <>
      <PageHead page={shown} />
      <LoadedPage page={shown} />
    </>
  );
}

/** The name of the page; who comes here by a link begins to read at it. */
function PageHead(props: { page: Page }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    window.scrollTo(0, 0);
    if (document.activeElement !== document.body) head.current?.focus();
  }, [props.page]);
  return <h2 class="page-head" ref={head} tabIndex={-1}>{words().pages[props.page]}</h2>;
}
