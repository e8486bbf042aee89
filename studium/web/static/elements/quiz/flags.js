/** The questions that the learner wants to look at again: kept on the device at once, and saved with the attempt. */
import { ask } from "./sender.js";

const SOON = 1000, NAME = "flags";

export class Flags {
  constructor(form, { address, box, words }) {
    Object.assign(this, { address, box, words, number: 0, pending: false, isPaused: true });
    this.fields = [...form.querySelectorAll("[name='f']")];
    for (const field of this.fields) field.onchange = () => this.changed();
  }

  /** The numbers of those questions. */
  get places() {
    return this.fields.filter(field => field.checked).map(field => field.value);
  }

  set places(places) {
    for (const field of this.fields) field.checked = places.includes(field.value);
    this.show();
  }

  show() {
    for (const { value, checked } of this.fields) {
      const link = document.querySelector(`.numbers a[href='#q${value}']`);
      link.classList.toggle("flag", checked);
      link.querySelector("[data-flag]").textContent = checked ? `, ${this.words.flagged}` : "";
    }
  }

  changed() {
    this.number += 1;
    this.pending = true;
    this.show();
    this.box.put({ question: NAME, number: this.number, value: this.places }).catch(() => {});
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), SOON);
  }

  /** What this device had kept holds until it is saved. */
  async restore() {
    const kept = (await this.box.all().catch(() => [])).find(one => one.question === NAME);
    if (kept && !this.pending) Object.assign(this, { number: kept.number, pending: true, places: kept.value });
  }

  /** What the server has is shown, unless something of this device waits. */
  compare(told) {
    const has = id => this.fields.find(field => field.closest("[data-question]").dataset.question === id)?.value;
    if (!this.pending && told.flagged) this.places = told.flagged.map(has);
  }

  /** Save what waits; while that fails, it is tried again whenever the server answers anything. */
  async send() {
    if (!this.pending || this.isPaused || this.isSending) return;
    this.isSending = true;
    const { number } = this;
    try {
      await ask(this.address, [["fs", "1"], ...this.places.map(place => ["f", place])]);
      if (number === this.number) {
        this.pending = false;
        await this.box.drop(NAME, number).catch(() => {});
      }
    } catch {
      // The answers say what is wrong.
    } finally {
      this.isSending = false;
    }
    if (number !== this.number) this.send();
  }
}
