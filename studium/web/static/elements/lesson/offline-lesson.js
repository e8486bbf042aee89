/** `<offline-lesson>`, unseen until it is ready, keeps the lesson on this device; `<offline-list>` names the lessons that it keeps. See `worker.js`. */
const KEPT = "studium-lessons", LIST = "/offline", WORKER = "/worker.js", TITLE = "x-title";
const SHOWN = ["css", "image", "img", "link", "other", "script", "use"];
const ANY = { ignoreSearch: true, ignoreVary: true };

/** Whether this browser can keep lessons at this address: it must be a secure one. */
const isAble = () => "serviceWorker" in navigator && "caches" in self;

/** The day of a copy as the pages write days: 5 January 2026. */
const dayOf = copy => {
  const { lang } = document.documentElement;
  return new Date(copy.headers.get("date")).toLocaleDateString(lang === "en" ? "en-GB" : lang, { dateStyle: "long" });
};

let types;

function register() {
  types ??= self.trustedTypes?.createPolicy("studium", { createScriptURL: () => WORKER });
  return navigator.serviceWorker.register(types?.createScriptURL("") ?? WORKER);
}

/** Keep a page under its title. One that leads elsewhere, as to the log-in, is no copy. */
async function putPage(cache, address, title) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(address);
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding");
  headers.set(TITLE, encodeURIComponent(title));
  await cache.put(address, new Response(await answer.blob(), { headers }));
}

/** Keep what a page shows. A picture of the bucket is another origin's, which does not say whether it is one. */
async function putPart(cache, address) {
  const answer = await fetch(address, { mode: "no-cors" });
  if (!answer.ok && answer.type !== "opaque") throw new Error(address);
  await cache.put(address, answer);
}

/** Let a page go, and after the last lesson all that was kept for them. */
async function drop(cache, address) {
  await cache.delete(address, ANY);
  const keys = await cache.keys();
  if (keys.some(one => new URL(one.url).pathname.startsWith("/courses/"))) return;
  await Promise.all(keys.map(one => cache.delete(one, ANY)));
}

class OfflineLesson extends HTMLElement {
  async connectedCallback() {
    if (!isAble()) return;
    this.cache = await caches.open(KEPT);
    [this.keep, this.drop] = this.querySelectorAll("button");
    this.keep.onclick = () => this.store();
    this.drop.onclick = async () => {
      await drop(this.cache, location.pathname);
      await this.show();
    };
    // What is kept is made new by whoever reads the lesson while there is a connection.
    if (await this.show() && navigator.onLine) this.copy().then(() => this.show(), () => {});
  }

  async show() {
    const copy = await this.cache.match(location.pathname, ANY);
    this.setAttribute("ready", "");
    this.keep.hidden = Boolean(copy);
    this.drop.hidden = !copy;
    this.say(copy ? "kept" : "hint", copy && dayOf(copy));
    return copy;
  }

  say(name, day = "") {
    this.querySelector("[role=status]").textContent = this.dataset[name].replace("%(day)s", day);
  }

  async store() {
    this.keep.disabled = true;
    try {
      await register();
      await this.copy();
      await this.show();
    } catch {
      this.say("failed");
    }
    this.keep.disabled = false;
  }

  /** Keep the page last: where it is kept, so is all that it shows. A film is not. */
  async copy() {
    const loaded = performance.getEntriesByType("resource").filter(one => SHOWN.includes(one.initiatorType)).map(one => one.name);
    const parts = [...loaded, ...[...document.images].map(one => one.src)].map(one => one.split("#")[0]);
    const ours = new Set(parts.filter(one => one.startsWith(`${location.origin}/`)));
    await Promise.all([...ours].map(one => putPart(this.cache, one)));
    await putPage(this.cache, LIST, "");
    await putPage(this.cache, location.pathname, document.querySelector("h1").textContent);
  }
}

class OfflineList extends HTMLElement {
  async connectedCallback() {
    const cache = isAble() && await caches.open(KEPT);
    for (const { url } of cache ? await cache.keys() : []) {
      const copy = await cache.match(url, ANY), title = decodeURIComponent(copy.headers.get(TITLE) ?? "");
      if (!title) continue;
      const line = this.querySelector("template").content.cloneNode(true), link = line.querySelector("a");
      link.href = url;
      link.querySelector("bdi").textContent = title;
      line.querySelector("[data-day]").textContent = dayOf(copy);
      line.querySelector("button").onclick = async event => {
        await drop(cache, url);
        event.target.closest("li").remove();
      };
      this.querySelector("ul").append(line);
      this.querySelector("[data-none]").hidden = true;
    }
  }
}

customElements.define("offline-lesson", OfflineLesson);
customElements.define("offline-list", OfflineList);
