import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

import type { Page } from "../state.ts";
import { words } from "../words/index.ts";
import { Message } from "./Message.tsx";

/** What has a file of its own: every page but the first, and where an invitation's link leads. */
type Place = Exclude<Page, "now"> | "join";
type Loader = () => Promise<{ default: ComponentType }>;

/** Each page but the first is a file of its own, asked for when somebody goes there. */
const LOADERS: Record<Place, Loader> = {
  history: () => import("./HistoryPage.tsx"),
  loads: () => import("./LoadsPage.tsx"),
  alarms: () => import("./AlarmsPage.tsx"),
  data: () => import("./DataPage.tsx"),
  site: () => import("./SitePage.tsx"),
  settings: () => import("./SettingsPage.tsx"),
  audit: () => import("./AuditPage.tsx"),
  sites: () => import("./SitesPage.tsx"),
  more: () => import("./MorePage.tsx"),
  join: () => import("./JoinPage.tsx"),
};

const loaded = signal<Partial<Record<Place, ComponentType>>>({});
const failed = signal<Place | null>(null);

async function load(page: Place): Promise<void> {
  failed.value = null;
  try {
    const Found = (await LOADERS[page]()).default;
    loaded.value = { ...loaded.value, [page]: Found };
  } catch {
    failed.value = page;
  }
}

/** A page of its own file; holds its place until the file is here. */
export function LoadedPage(props: { page: Place }) {
  const { page } = props;
  const text = words();
  const Found = loaded.value[page];
  useEffect(() => {
    if (Found === undefined) void load(page);
  }, [page]);
  if (Found !== undefined) return <Found />;
  if (failed.value !== page) return <div class="page-space" aria-hidden="true" />;
  return (
    <Message title={text.pageFailed} note={text.pageFailedNote}>
      <button class="button" type="button" onClick={() => location.reload()}>{text.reload}</button>
    </Message>
  );
}
