// The page's own files without a network: the frame as it was last seen, and hashed files for good.
// What is known of sites is the page's business: no data pass here.
const KEPT = "stallaini";
const PATIENCE_MS = 3000;

self.addEventListener("install", (event) => event.waitUntil(fetch("/", { cache: "no-cache" }).then(keepFrame).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/assets/")) event.respondWith(keptOrFetched(request));
  else if (request.mode === "navigate" && !pathname.startsWith("/api")) event.respondWith(frame(event));
  else if (/^\/[\w-]+\.(svg|png|webmanifest)$/.test(pathname)) event.respondWith(keptOrFetched(request));
});

async function keptOrFetched(request) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** From the network while it answers; a network that only hangs is none. */
async function frame(event) {
  const asked = fetch(event.request);
  const kept = await (await caches.open(KEPT)).match("/");
  if (!kept) return asked;
  event.waitUntil(asked.then((answer) => keepFrame(answer.clone())).catch(() => {}));
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  return Promise.race([asked.then((answer) => (answer.ok ? answer : kept)).catch(() => kept), late]);
}

/** Keep the frame and all that it names, together; what belonged to another one goes. */
async function keepFrame(answer) {
  if (!answer.ok || !(answer.headers.get("content-type") ?? "").startsWith("text/html")) return;
  const cache = await caches.open(KEPT);
  // What a frame tells of sites is true but once.
  const html = (await answer.text()).replace(/(<script id="start"[^>]*>)[^<]*/, "$1");
  const before = await cache.match("/");
  if (before && (await before.text()) === html) return;
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
  const old = (await cache.keys()).filter((request) => !named.includes(new URL(request.url).pathname));
  await cache.addAll(named.filter((path) => path !== "/"));
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding");
  await cache.put("/", new Response(html, { headers }));
  if (before) await Promise.all(old.filter((request) => new URL(request.url).pathname !== "/").map((request) => cache.delete(request)));
}
