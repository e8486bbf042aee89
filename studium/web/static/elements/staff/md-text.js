/** The text of a lesson between form, device and server: kept at once, saved soon, never overwritten unseen. */
import { ask, digest } from "./md-ask.js";
import { openKept } from "./md-kept.js";
const SOON = 2000, LATEST = 10_000, LONGEST = 30_000, UNKNOWN = 50, REFUSALS = [400, 403, 404, 409, 413, 415, 422];

export class SavedText {
  number = 0; #kept = 0; #sent = []; #failures = 0; #running = null; #keeping = null; #first = null; #timer = 0;

  /** `form` has `read()`, `write(fields)`, `pairs()` and `address`; `say(state)` hears how the text stands. */
  constructor(form, say) {
    Object.assign(this, { form, say, isPaused: true, isPending: false });
  }

  /** Begin with what the server has, which the fields hold unless it `isAsked`, and with what the device kept. */
  async begin(lesson, { version, isAsked, isBehind = false }) {
    this.box ??= await openKept(lesson);
    let saved = { version, fields: this.form.read() };
    const typed = this.form.text();
    if (isAsked) saved = await this.#look().catch(() => saved);
    const text = this.form.text(saved.fields), record = await this.box.claim().catch(() => undefined);
    Object.assign(this, { base: saved.version, from: text, isPaused: false });
    if (record && record.text !== text) {
      this.form.write(record.fields);
      this.#sent = record.sent;
      const isOurs = record.from === text || record.sent.includes(digest(text));
      if (!isOurs) this.from = record.from;
      if (!isOurs && !isBehind) this.base = 0;  // No version is: nothing is saved before both texts were looked at.
      this.#changed(isOurs ? "back" : "behind");
      if (isOurs) this.later(0);
    } else if (isAsked && typed !== text) this.#changed(isBehind ? "behind" : null);
    else this.#settled(text, record ? "saved" : "same");
  }

  /** Another tab edited the lesson: show what the server has, unless the device keeps more. */
  async renew(lesson) {
    const saved = await this.#look();
    this.form.write(saved.fields);
    await this.begin(lesson, { version: saved.version, isAsked: false });
  }

  #look() { return ask(this.form.address).then(({ version, ...fields }) => ({ version, fields })); }

  typed() {
    this.#changed(null);
    this.#first ??= performance.now();
    if (!this.isPaused && !this.isBehind && !this.#failures) this.later(Math.min(SOON, Math.max(0, this.#first + LATEST - performance.now())));
  }

  #changed(state) {
    this.number += 1;
    this.isPending = true;
    this.isBehind = this.isBehind || state === "behind";
    this.say(state ?? (this.isBehind ? "behind" : this.#failures ? this.trouble : "saving"));
    this.keep();
  }

  get isKept() { return this.#kept >= this.number; }

  keep() {
    this.#keeping ??= (async () => {
      try {
        while (this.#kept < this.number && !this.isPaused) {
          const { number, from } = this, fields = this.form.read();
          await this.box.put({ fields, text: this.form.text(fields), from, sent: this.#sent });
          this.#kept = number;
        }
        if (this.isKept) this.say("kept");
      } catch {
        this.say("unkept");
      } finally {
        this.#keeping = null;
      }
    })();
    return this.#keeping;
  }

  later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), wait);
  }

  /** Send what is typed; with `extra` because somebody pressed a button. Gives whether the server has all of it. */
  async send(extra = null, isUrgent = false) {
    clearTimeout(this.#timer);
    while (extra && this.#running) await this.#running;
    if (this.isPaused || (!extra && (!this.isPending || this.isBehind))) return !this.isPending;
    this.#running ??= this.#send(extra, isUrgent).finally(() => { this.#running = null; });
    return this.#running;
  }

  async #send(extra, isUrgent) {
    const number = this.number, text = this.form.text();
    this.#first = null;
    this.#sent = [...new Set([...this.#sent, digest(text)])].slice(-UNKNOWN);
    this.#kept = Math.min(this.#kept, number - 1);
    const pairs = this.form.pairs({ version: this.base, ...(extra ?? { autosave: "1" }) });
    // The device knows what is on its way before it leaves: the answer may never come.
    if (!isUrgent) await this.keep();
    try {
      const { version } = await ask(this.form.address, pairs);
      this.#failures = 0;
      this.isBehind = false;
      await this.#accepted(version, text, number);
      return !this.isPending;
    } catch (error) {
      await this.#failed(error);
      return false;
    }
  }

  async #accepted(version, text, number) {
    Object.assign(this, { base: version, from: text });
    this.#sent = [];
    if (number !== this.number) {
      this.keep();
      return this.later(SOON);
    }
    this.isPending = false;
    await this.#settled(text, "saved");
  }

  async #settled(text, state) {
    await this.box.drop(text).catch(() => {});
    if (!this.isPending) this.say(state);
  }

  async #failed(error) {
    if (error.status === 412) return this.#compare().catch(lost => this.#failed(lost));
    if (REFUSALS.includes(error.status)) return this.say("refused");
    this.#failures += 1;
    this.say(this.trouble = error.status === 401 ? "ended" : "offline");
    this.later(Math.min(LONGEST, 1000 * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2));
  }

  /** The lesson has another version: our own that was never answered, the same text, or somebody else's. */
  async #compare() {
    const saved = await this.#look(), text = this.form.text(saved.fields);
    this.isBehind = text !== this.from && !this.#sent.includes(digest(text));
    if (this.isBehind) return this.say("behind");
    Object.assign(this, { base: saved.version, from: text });
    if (text === this.form.text()) return this.#accepted(saved.version, text, this.number);
    this.later(0);
  }

  /** The connection may be back, or the session. */
  look() {
    this.#failures = 0;
    if (this.isPending) this.later(0);
  }
}
