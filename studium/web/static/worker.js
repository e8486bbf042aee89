/** Shows what this device keeps of lessons where there is no connection. It keeps nothing by itself: see `offline-lesson.js`. */
const KEPT = "studium-lessons", LIST = "/offline", ANY = { ignoreSearch: true, ignoreVary: true };
const PARTS = ["style", "script", "image"];

self.oninstall = () => self.skipWaiting();
self.onactivate = event => event.waitUntil(self.clients.claim());

/** Forget what somebody else has kept, who did not log out: every page says whose it is. */
async function forget(visitor) {
  const list = visitor && await caches.match(LIST, ANY), owner = list?.headers.get("x-visitor");
  if (owner && owner !== visitor) await caches.delete(KEPT);
}

async function shown(request) {
  try {
    const answer = await fetch(request);
    if (request.mode === "navigate") await forget(answer.headers.get("x-visitor"));
    return answer;
  } catch (error) {
    const cache = await caches.open(KEPT), copy = await cache.match(request, ANY);
    if (copy) return copy;
    if (request.mode !== "navigate") throw error;
    return await cache.match(LIST, ANY) ?? Response.error();
  }
}

self.onfetch = event => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(`${location.origin}/`)) return;
  if (request.mode === "navigate" || PARTS.includes(request.destination)) event.respondWith(shown(request));
};
