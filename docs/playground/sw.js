// Keeps the files of one build. "keep" fetches those that are not yet kept; an older build's go when this one takes over.
const BUILD = "gradcalc-" + "BUILD";
const FILES = ["FILES"];
const KNOWN = new Set(FILES.map((name) => new URL(name, self.registration.scope).href));
const SHELL = FILES.filter((name) => !name.includes("/") || name === "./");

const plain = (url) => url.split(/[?#]/)[0];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(BUILD).then((cache) => cache.addAll(SHELL.map((name) => new Request(name, { cache: "no-cache" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("gradcalc-") && name !== BUILD) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

async function keep() {
  const cache = await caches.open(BUILD);
  for (const name of FILES) {
    const url = new URL(name, self.registration.scope).href;
    if (!(await cache.match(url))) await cache.add(url);
  }
}

self.addEventListener("message", (event) => {
  if (event.data !== "keep") return;
  event.waitUntil(
    keep().then(
      () => event.source.postMessage("kept"),
      () => event.source.postMessage("not kept"),
    ),
  );
});

self.addEventListener("fetch", (event) => {
  const url = plain(event.request.url);
  if (event.request.method !== "GET" || !KNOWN.has(url)) return;
  event.respondWith(
    (async () => {
      const cache = await caches.open(BUILD);
      const kept = await cache.match(url);
      if (kept) return kept;
      const got = await fetch(event.request);
      if (got.ok) event.waitUntil(cache.put(url, got.clone()));
      return got;
    })(),
  );
});
