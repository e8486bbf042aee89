/** How an attempt ends: by its learner, by the clock, or elsewhere. */
import { standing } from "./bar.js";
import { ask } from "./sender.js";

const AGAIN = 5000;

/** What `<quiz-attempt>` begins with: it has `address`, `answers`, `bar`, `box`, `file`, `form`, `sender`, `words`. */
export class Ending extends HTMLElement {
  freeze(frozen) {
    this.form.inert = this.classList.toggle("frozen", frozen);
    if (frozen && this.form.contains(document.activeElement)) document.activeElement.blur();
  }

  async submit() {
    try {
      await this.sender.now();
      await ask(`${this.address}/submit`, []);
      this.over();
    } catch (error) {
      if (this.fail(error, [])) this.bar.say(this.words.not_submitted);
    }
  }

  /** The time is up: what is there is sent and submitted. */
  async end() {
    this.hasEnded = true;
    clearTimeout(this.ending);
    if (!this.isMine) return;  // The tab that answers ends it.
    this.freeze(true);
    this.sender.failures = 0;
    await this.sender.now();
    if (!this.isOver && !this.answers.sendable.length) await this.submit();
    if (!this.isOver) await this.sync();
    if (this.isOver || !this.isMine) return;
    this.bar.say(standing(this.words.up_offline, this.answers), { file: this.file });
    clearTimeout(this.ending);
    this.ending = setTimeout(() => this.end(), AGAIN);
  }

  over() {
    this.isOver = true;
    if (this.isMine) this.finish();
  }

  /** The attempt is submitted: on to the result, unless something is here that was not sent in time. */
  async finish() {
    this.sender.stop();
    this.freeze(true);
    const result = () => location.assign(`${this.address}/result`);
    if (!this.answers.waiting.length) await this.box.clear().then(result, result);
    else this.bar.say(standing(this.words.over, this.answers), { file: this.file, result });
  }
}
