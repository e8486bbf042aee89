/** `<grade-desk>`: from piece to piece by a key. The next ones are there before they are wanted, and marks are sent beside. */
import { keysAct } from "./grade-box.js";
import { Outbox } from "./grade-outbox.js";
import { Piece } from "./grade-piece.js";
import { partOf } from "./html.js";

const AHEAD = 2, KEPT = 60;
const address = () => location.pathname + location.search;

class GradeDesk extends HTMLElement {
  connectedCallback() {
    this.words = JSON.parse(this.dataset.words);
    this.piece = new Piece(this.querySelector("#piece"));
    this.pieces = new Map([[this.piece.here, this.piece]]);
    this.trail = [];
    this.keys = this.querySelector("[data-keys]");
    this.keys.checked = keysAct();
    this.keys.onchange = () => keysAct(this.keys.checked);
    this.outbox = new Outbox(this.dataset.who, told => this.heard(told));
    this.addEventListener("submit", event => this.submitted(event));
    this.addEventListener("click", event => this.clicked(event));
    this.addEventListener("input", () => this.piece.light());
    document.addEventListener("keydown", event => this.key(event));
    addEventListener("popstate", () => this.pieces.get(address()) instanceof Piece ? this.show(this.pieces.get(address())) : location.reload());
    addEventListener("beforeunload", event => this.outbox.keeps || !this.outbox.waiting.length || event.preventDefault());
    this.outbox.ready.then(() => this.piece.isChanged || this.piece.restore(this.outbox.entries.get(this.piece.attempt), this.words));
    this.ahead();
  }

  /** Fetch the pieces that come next. */
  async ahead() {
    for (let from = this.piece, count = 0; from?.next && count < AHEAD; count += 1) from = await this.fetched(from.next);
  }

  /** A piece by its address, asked for once; null where the net fails. */
  fetched(where) {
    if (this.pieces.get(where)) return this.pieces.get(where);
    const asked = fetch(where, { headers: { Accept: "text/html" } })
      .then(async answer => answer.ok && !answer.redirected ? new Piece(partOf(await answer.text(), "piece")) : null)
      .catch(() => null)
      .then(piece => { this.pieces.set(where, piece); return piece; });
    this.pieces.set(where, asked);
    return asked;
  }

  /** Keep and send the marks of this piece, if they are others than before; gives whether they can be sent. */
  save() {
    const { isChanged, attempt } = this.piece, wrong = this.piece.wrong(this.words);
    if (wrong) { wrong.focus(); return false; }
    if (isChanged || this.outbox.entries.has(attempt)) this.outbox.put(this.piece.taken());
    return true;
  }

  async next(isSaved = true) {
    if (isSaved && !this.save()) return;
    const from = this.piece;
    if (!from.next) { this.finish(); return; }
    let piece = this.pieces.get(from.next);
    if (!(piece instanceof Piece)) {
      this.say(this.words.loading);
      piece = await this.fetched(from.next);
      if (this.piece !== from) return;
      if (!piece) { setTimeout(() => this.piece === from && this.next(false), 1000); return; }
    }
    this.trail.push(from);
    if (this.trail.length > KEPT) this.pieces.delete(this.trail.shift().here);
    history.pushState({}, "", piece.here);
    this.show(piece);
  }

  back() {
    if (this.save() && this.trail.pop()) history.back();
  }

  show(piece) {
    this.piece.node.replaceWith(piece.node);
    this.piece = piece;
    document.title = `${piece.name} · Studium`;
    piece.restore(this.outbox.entries.get(piece.attempt), this.words);
    scrollTo(0, 0);
    piece.node.querySelector("h1").focus({ preventScroll: true });
    this.ahead();
  }

  /** After the last piece: the queue, when everything is saved. */
  async finish() {
    this.say(this.words.last);
    await this.outbox.run();
    if (!this.outbox.entries.size) location.assign(this.dataset.queue);
  }

  submitted(event) {
    const button = event.submitter;
    event.preventDefault();
    if (button?.name.startsWith("give-")) this.piece.give(button.name.slice(5), button.value);
    else if (button?.value.startsWith("c-")) this.piece.insert(button);
    else this.next();
  }

  clicked(event) {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if ("skip" in link.dataset && this.piece.next) { event.preventDefault(); this.next(false); }
    if ("theirs" in link.dataset) this.outbox.drop(this.piece.attempt);
  }

  key(event) {
    const at = document.activeElement, { piece } = this, { key } = event, hasCommand = event.ctrlKey || event.metaKey;
    const does = what => { event.preventDefault(); what(); };
    if (key === "Escape" && this.contains(at)) return piece.node.querySelector("h1").focus();
    if (key === "Enter" && at.tagName === "TEXTAREA" && hasCommand) return does(() => this.next());
    if (!this.keys.checked || hasCommand) return undefined;
    if (event.altKey) {
      const own = piece.node.querySelectorAll(`.bank [value^="c-${piece.number}-"]`)[event.code.replace("Digit", "") - 1];
      return own && does(() => piece.insert(own));
    }
    if (at.matches("textarea, select, input:not([name^='p-'], [type=checkbox])")) return undefined;
    const letter = /^[a-z]$/i.test(key) ? key : event.code.replace("Key", "");  // Other scripts: by the place of the key.
    const what = { j: () => this.next(), k: () => this.back(), c: () => piece.field(piece.number, "f").focus() }[letter.toLowerCase()];
    if (what) return does(what);
    const points = piece.field(piece.number);
    // The digit goes where the focus is by then.
    if (/^[0-9٠-٩]$/.test(key) && at !== points) { points.value = ""; points.focus(); }
    return undefined;
  }

  say(text) {
    this.querySelector("[data-said]").textContent = text;
  }

  /** What became of marks, in one sentence; what a person has to look at, as links. */
  heard({ count, troubles, keeps, since, why, saving, saved, version }) {
    const { words } = this, named = (text, one) => text.replace("%(name)s", `\u2068${one.name}\u2069`);
    const time = since?.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    const held = why === "session" ? words.session : keeps ? words.kept : words.kept_nowhere;
    if (since) this.say(held.replace("%(time)s", time).replace("%(count)s", count));
    else if (saved) this.say(named(words.saved, saved));
    else if (saving) this.say(words.saving);
    this.querySelector("[data-said]").classList.toggle("kept", Boolean(since));
    for (const piece of saved ? this.pieces.values() : [])
      if (piece?.attempt === saved.attempt) piece.form.elements.v.value = version;
    const list = this.querySelector("[data-trouble]"), items = troubles.map(one => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("a"), { href: one.here, textContent: named(words[one.trouble], one) }));
      return item;
    });
    // It is read aloud, and the same not twice.
    if (items.map(one => one.textContent).join() !== [...list.children].map(one => one.textContent).join()) list.replaceChildren(...items);
  }
}

customElements.define("grade-desk", GradeDesk);
