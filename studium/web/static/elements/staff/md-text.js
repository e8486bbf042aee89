/** The text of a lesson between form, device and server: kept at once, saved soon, never overwritten unseen. */
import { ask, digest } from "./md-ask.js";
import { openKept } from "./md-kept.js";
const SOON = 2000, LATEST = 10_000, LONGEST = 30_000, UNKNOWN = 50, REFUSALS = [400, 403, 404, 409, 413, 415, 422];

export class SavedText {
  number = 0; #due = 0; #kept = 0; #isOwn = false; #sent = []; #failures = 0; #running = null; #keeping = null; #first = null; #timer = 0;

  /** `form` has `read()`, `write(fields)`, `pairs()` and `address`; `say(state)` hears how the text stands. */
  constructor(form, say) {
    Object.assign(this, { form, say, isPaused: true, isPending: false, isUnkept: false });
  }

  /**
   * Begin with what the server has and what the device kept. The page came with the server's text of this `version`, unless it
   * `isAsked` because what was typed was refused; what another tab did where it `isTaken` from one is asked for.
   */
  async begin(lesson, { version, isAsked, isBehind, isTaken }) {
    const isFirst = this.base === undefined, isOnlyHere = isFirst ? isAsked : this.isPending && !this.isKept;
    this.box ??= await openKept(lesson, () => this.#gone());
    // First the record: from now on no other tab lets it go because of a save that is not seen below.
    const record = await this.box.claim().catch(() => undefined);
    const known = { version: this.base ?? version, text: isFirst ? (isAsked ? null : this.form.text(this.form.made())) : this.from };
    const saved = isOnlyHere || isTaken ? await this.#look().catch(() => known) : known, { text } = saved;
    const isOther = isOnlyHere && (isFirst ? isBehind || saved.version !== version : text !== known.text);
    const { version: base, text: from } = isOther && saved.version !== known.version ? known : saved;
    Object.assign(this, { base, from, isPaused: false, isPending: false, isBehind: false });
    this.#failures = 0;
    this.#sent = [];
    if (record && record.text !== text) this.#comeBack(record, saved, isOther);
    else if (isTaken && !isOnlyHere && text !== null) this.form.fill(text);
    if (this.isPending) return;
    if (this.form.text() === text) await this.#settled(text, record || isOnlyHere || isTaken ? "saved" : "same");
    else if (isOther) this.#changed("behind");
    else this.typed();
  }

  /** What the device kept is not what the server has: it goes on, unless somebody else has saved another text since. */
  #comeBack(record, { version, text }, isOther) {
    const isOurs = text !== null && (record.from === text || record.sent.includes(digest(text)));
    this.#sent = record.sent;
    this.form.write(record.fields);
    if (isOurs) Object.assign(this, { base: version, from: text });
    else this.from = record.from;
    if (!isOurs && !isOther) this.base = 0;  // No version is: nothing is saved before both texts were looked at.
    this.#changed(isOurs ? "back" : "behind");
    if (isOurs) this.later(0);
  }

  #look() { return ask(this.form.address).then(({ version, ...fields }) => ({ version, text: this.form.text(fields) })); }

  /** What was kept is kept no more. */
  #gone() {
    this.#due += 1;
    if (this.isPending) this.keep();
  }

  typed() {
    this.#changed(null);
    this.#first ??= performance.now();
    if (!this.isPaused && !this.isBehind && !this.#failures) this.later(Math.min(SOON, Math.max(0, this.#first + LATEST - performance.now())));
  }

  #changed(state) {
    this.number += 1;
    this.#due += 1;
    this.isPending = true;
    this.isBehind = this.isBehind || state === "behind";
    this.say(state ?? (this.isBehind ? "behind" : this.#failures ? this.trouble : "saving"));
    this.keep();
  }

  get isKept() { return this.#kept >= this.#due; }

  /** Keep the text on the device; settled when it is kept, or cannot be. A tab that lost the record to another keeps nothing. */
  keep() {
    if (!this.isKept) this.#keeping ??= this.#keep();
    return this.#keeping;
  }

  async #keep() {
    try {
      do {  // Something is waited for in any case: what this function settles at its end is set by then.
        const { from } = this, due = this.#due, fields = this.form.read();
        await this.box.put({ fields, text: this.form.text(fields), from, sent: this.#sent });
        this.#kept = due;
        this.isUnkept = false;
      } while (!this.isKept);
      this.say("kept");
    } catch {
      this.isUnkept = true;
      this.say("unkept");
    } finally {
      this.#keeping = null;
    }
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
    this.#due += 1;
    this.isPending = true;
    // The text that stands there is kept as an earlier version where this tab did not write it.
    const pairs = this.form.pairs({ version: this.base, ...(extra ?? { autosave: this.#isOwn ? "1" : "first" }) });
    // The device knows what is on its way before it leaves: the answer may never come.
    const keeping = this.keep();
    if (!isUrgent) await keeping;
    if (this.isPaused) return false;
    try {
      const { version } = await ask(this.form.address, pairs);
      this.isBehind = false;
      this.#isOwn = true;
      await this.#accepted(version, text, number);
      return !this.isPending;
    } catch (error) {
      await this.#failed(error);
      return false;
    }
  }

  async #accepted(version, text, number) {
    Object.assign(this, { base: version, from: text });
    this.#failures = 0;
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
    const isRefused = REFUSALS.includes(error.status);
    this.#failures = isRefused ? 0 : this.#failures + 1;
    if (isRefused) return this.say("refused");
    this.say(this.trouble = error.status === 401 ? "ended" : "offline");
    this.later(Math.min(LONGEST, 1000 * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2));
  }

  /** The lesson has another version: our own that was never answered, the same text, or somebody else's. */
  async #compare() {
    const { version, text } = await this.#look(), isSame = text === this.form.text();
    this.#isOwn = false;
    this.#failures = 0;
    this.isBehind = !isSame && text !== this.from && !this.#sent.includes(digest(text));
    if (this.isBehind) return this.say("behind");
    Object.assign(this, { base: version, from: text });
    if (isSame) return this.#accepted(version, text, this.number);
    this.later(0);
  }

  /** The connection may be back, or the session. */
  look() {
    this.#failures = 0;
    if (this.isPending) this.later(0);
  }
}
