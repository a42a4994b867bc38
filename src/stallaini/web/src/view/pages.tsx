import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

import type { Page } from "../state.ts";
import { words } from "../words/index.ts";
import { Message } from "./Message.tsx";

type Loader = () => Promise<{ default: ComponentType }>;

/** Each page but the first is a file of its own, asked for when somebody goes there. */
const LOADERS: Record<Exclude<Page, "now">, Loader> = {
  history: () => import("./HistoryPage.tsx"),
  data: () => import("./DataPage.tsx"),
};

const loaded = signal<Partial<Record<Page, ComponentType>>>({});
const failed = signal<Page | null>(null);

async function load(page: Exclude<Page, "now">): Promise<void> {
  failed.value = null;
  try {
    const Found = (await LOADERS[page]()).default;
    loaded.value = { ...loaded.value, [page]: Found };
  } catch {
    failed.value = page;
  }
}

/** A page of its own file; holds its place until the file is here. */
export function LoadedPage(props: { page: Exclude<Page, "now"> }) {
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
