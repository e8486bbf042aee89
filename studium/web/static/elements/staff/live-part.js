import { partOf } from "./html.js";

const AGAIN_MS = 20_000, QUIET_MS = 8_000;
const FIELDS = "textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])";

/** A selector by which an element is found again in what replaces it; null where it has nothing of its own. */
function markOf(one) {
  for (const name of ["id", "href", "name"]) {
    const value = one.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]` + (one.value && name === "name" ? `[value="${CSS.escape(one.value)}"]` : "");
  }
  return null;
}

/**
 * A part of a page that goes on by itself. It listens at `src`; at each event it asks for the page again and takes over
 * what its part holds there, with `src` and `data-said`, the one sentence that is announced. Focus stays where it was.
 * Where nobody may listen (too many do) it asks by itself, three times a minute at most. Without a script there is a link.
 */
class LivePart extends HTMLElement {
  #events = null;
  #timer = 0;
  #isAsking = false;
  #isDue = false;
  #voice = null;
  #heard = "";
  #saying = 0;

  connectedCallback() {
    this.#heard = this.dataset.said ?? "";
    this.#voice = document.createElement("p");
    this.#voice.className = "vh";
    this.#voice.setAttribute("role", "status");
    this.after(this.#voice);
    document.addEventListener("visibilitychange", this);
    this.#listen();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this);
    this.#voice.remove();
    this.#stop();
  }

  /** Who does not look need not listen. */
  handleEvent() {
    if (document.hidden) this.#stop();
    else this.#listen();
  }

  #listen() {
    clearTimeout(this.#timer);
    const from = this.getAttribute("src");
    if (!from || this.#events || document.hidden) return;
    const events = (this.#events = new EventSource(from));
    events.addEventListener("changed", () => this.refresh());
    events.addEventListener("end", () => {
      this.removeAttribute("src");
      this.#stop();
      this.refresh();
    });
    events.addEventListener("error", () => {
      if (events.readyState !== EventSource.CLOSED) return;
      this.#stop();
      this.#timer = setTimeout(() => this.refresh().then(() => this.#listen()), AGAIN_MS * (1 + Math.random()));
    });
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#events?.close();
    this.#events = null;
  }

  /** Take over the part as the server has it now. One question at a time; what comes meanwhile is one more. */
  async refresh() {
    if (this.#isAsking) {
      this.#isDue = true;
      return;
    }
    this.#isAsking = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) this.#take(partOf(await answer.text(), this.id));
      else this.#leave();
    } catch {
      // No connection: the next event, or the next look, comes with the next one.
    } finally {
      this.#isAsking = false;
    }
    if (this.#isDue) {
      this.#isDue = false;
      await this.refresh();
    }
  }

  /** The session is over, or the page is: what is here stays. */
  #leave() {
    this.removeAttribute("src");
    this.#stop();
  }

  #take(part) {
    if (!part) return this.#leave();
    const at = document.activeElement, isInside = this.contains(at) && at !== this;
    if (isInside && at.matches(FIELDS)) {
      // Nothing is taken from under somebody's hands.
      at.addEventListener("blur", () => this.refresh(), { once: true });
      return;
    }
    if (part.innerHTML !== this.innerHTML) {
      const found = isInside ? markOf(at) : null;
      this.replaceChildren(...part.childNodes);
      if (isInside) {
        this.tabIndex = -1;
        (found && this.querySelector(found) || this).focus({ preventScroll: true });
      }
    }
    if (part.dataset.said) this.#say(part.dataset.said);
    const from = part.getAttribute("src");
    if (from) this.setAttribute("src", from);
    else this.#leave();
  }

  /** Announce the sentence, unless it was the last one: the first at once, then the latest each eight seconds. */
  #say(sentence) {
    this.dataset.said = sentence;
    if (this.#saying) return;
    if (sentence !== this.#heard) this.#voice.textContent = this.#heard = sentence;
    this.#saying = setTimeout(() => {
      this.#saying = 0;
      if (this.dataset.said !== this.#heard) this.#say(this.dataset.said);
    }, QUIET_MS);
  }
}

customElements.define("live-part", LivePart);
