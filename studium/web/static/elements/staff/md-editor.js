/** `<md-editor>`: the form of a lesson with tools, a live preview, and a text that is saved by itself and never lost. */
import { partOf } from "./html.js";
import { MdForm } from "./md-form.js";
import { SavedText } from "./md-text.js";
import { block, equip, goToLine } from "./md-tools.js";

const PREVIEW_MS = 600;
const TROUBLE = ["offline", "ended", "refused", "behind"], STAYING = [...TROUBLE, "elsewhere", "back"];
const timeNow = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", numberingSystem: "latn" });

class MdEditor extends MdForm {
  async connectedCallback() {
    this.words = JSON.parse(this.dataset.words);
    this.form = this.querySelector("form");
    this.area = this.form.elements.content;
    this.address = this.form.getAttribute("action");
    this.state = document.getElementById("saved-state");
    this.bar = this.querySelector("[data-bar]");
    this.saved = new SavedText(this, state => this.say(state));
    this.freeze(true);
    equip(this.area, this.querySelector("[data-tools]"), this.words);
    this.form.addEventListener("input", event => this.typed(event));
    this.form.addEventListener("submit", event => this.submitted(event));
    this.addEventListener("click", event => {
      const line = event.target.closest("[data-line]")?.dataset.line;
      if (line) { event.preventDefault(); goToLine(this.area, Number(line)); }
    });
    this.bar.querySelector("[data-do='take']").onclick = () => this.hold({ steal: true });
    this.bar.querySelector("[data-do='compare']").onclick = () => this.leave();
    addEventListener("online", () => this.saved.look());
    addEventListener("focus", () => this.saved.look());
    addEventListener("pagehide", () => this.saved.send(null, true));
    document.addEventListener("visibilitychange", () => document.hidden ? this.saved.send(null, true) : this.saved.look());
    addEventListener("beforeunload", event => {
      if (this.saved.isPending && !this.saved.isKept && !this.isLeaving) event.preventDefault();
    });
    this.hold({ ifAvailable: true });
  }

  /** One tab at a time edits a lesson; only secure addresses have locks, elsewhere the versions must do. */
  hold(options) {
    if (!navigator.locks) { this.begin(); return; }
    navigator.locks.request(`lesson-${this.dataset.lesson}`, options, lock => {
      if (!lock) { this.elsewhere(); return undefined; }
      this.begin(Boolean(options.steal));
      return new Promise(() => {});
    }).catch(() => this.elsewhere());
  }

  async begin(isTaken = false) {
    const { lesson, version, refused } = this.dataset;
    this.isElsewhere = false;
    await this.saved.begin(lesson, { version: Number(version), isAsked: refused !== undefined, isBehind: refused === "behind", isTaken });
    if (this.isElsewhere) { this.saved.isPaused = true; return; }
    this.freeze(false);
    this.setAttribute("ready", "");
  }

  elsewhere() {
    this.isElsewhere = this.saved.isPaused = true;
    this.removeAttribute("ready");
    this.freeze(true);
    this.say("elsewhere");
  }

  // What is said

  say(state) {
    if (this.isElsewhere && state !== "elsewhere") return;
    const isStaying = STAYING.includes(this.dataset.state);
    if (state === "kept" && !isStaying) return;
    if (state === "same") { this.removeAttribute("data-state"); this.bar.hidden = true; return; }
    if (state !== "kept" && !(state === "unkept" && isStaying)) this.dataset.state = state;
    if (state === "saved") this.form.elements.version.value = this.saved.base;
    const { isKept, isUnkept } = this.saved, isHere = isKept && state !== "saved" && state !== "saving";
    const word = state === "saved" ? this.words.saved.replace("%(time)s", timeNow()) : this.words[isHere ? "kept" : isUnkept && state !== "saving" ? "unkept" : "saving"];
    if (state !== "elsewhere") {
      this.state.className = `saved ${state === "saved" ? "ok" : isHere ? "kept" : ""}`;
      this.state.lastElementChild.textContent = word;
    }
    const sentence = this.words.bar[isUnkept && TROUBLE.includes(this.dataset.state) ? "nowhere" : this.dataset.state] ?? "";
    this.bar.hidden = !sentence;
    this.bar.querySelector("[data-said]").textContent = sentence;
    for (const one of this.bar.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== this.dataset.state;
  }

  // What is done

  typed(event) {
    if (event.target.dataset.field === undefined) return;
    this.saved.typed();
    this.later();
  }

  async submitted(event) {
    const button = event.submitter, name = button?.name;
    if (this.isLeaving || event.target !== this.form) return;
    event.preventDefault();
    if (name === "film") this.write({ lesson_type: "video", video_url: button.value });
    if (name === "insert") block(this.area, button.value);
    else if (name === "repair") await this.look({ repair: button.value });
    else if (await this.saved.send(name ? { [name]: button.value } : { do: "save" })) {
      if (name || this.dataset.refused !== undefined) location.assign(this.address);
    } else if (this.dataset.state === "refused") this.leave();
  }

  /** Send the form as it is: the server shows it again, with what is wrong or with the other text beside it. */
  async leave() {
    if (!this.form.reportValidity()) return;
    await this.saved.keep();
    this.isLeaving = this.saved.isPaused = true;
    this.form.elements.version.value = this.saved.base;
    this.form.requestSubmit();
    this.freeze(true);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), PREVIEW_MS);
  }

  /** Show what was typed as learners see it, and what to mend; with a repair its text is taken over. */
  async look(more = {}) {
    const text = this.area.value, pairs = this.pairs({ ...more, captions: this.form.elements.captions.value });
    for (const one of this.querySelectorAll("[name^=words-]")) pairs.set(one.name, one.value);
    const turn = this.turn = (this.turn ?? 0) + 1;
    const answer = await fetch(`${this.address}/preview`, { method: "POST", headers: { Accept: "text/html" }, body: pairs }).catch(() => null);
    const page = answer?.ok && await answer.text();
    if (!page || turn !== this.turn) return;
    if (more.repair && text !== this.area.value) { this.look(); return; }  // It was typed on: nothing of that is overwritten.
    const mended = partOf(page, "mended");
    for (const id of ["seen", "remarks"]) {
      const old = document.getElementById(id), made = partOf(page, id);
      if (made && (more.repair || !old.contains(document.activeElement))) old.replaceWith(made);
    }
    if (mended && mended.value !== this.area.value) {
      this.area.value = mended.value;
      this.saved.typed();
    }
    if (more.repair) document.getElementById("remarks").focus();
  }
}

customElements.define("md-editor", MdEditor);
