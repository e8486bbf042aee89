/** `<quiz-attempt>`: keeps every answer on the device at once and saves it soon, whatever happens to page, net and tab. */
import { Answers } from "./answers.js";
import { Bar, confirmSubmit, logIn, timeNow } from "./bar.js";
import { openBox } from "./box.js";
import { Ending } from "./ending.js";
import { saveFile } from "./file.js";
import { Flags } from "./flags.js";
import { ask, Refused, Sender } from "./sender.js";
import { Tab } from "./tab.js";

const OVER = ["attempt_already_submitted", "time_limit_exceeded"];

class QuizAttempt extends Ending {
  async connectedCallback() {
    this.words = JSON.parse(this.dataset.words);
    this.form = this.querySelector("#quiz");
    this.clock = this.querySelector("quiz-clock");
    this.address = this.form.getAttribute("action");
    this.bar = new Bar(this);
    this.file = () => saveFile(this.words.file, this.answers.waiting.map(one => one.record));
    this.freeze(true);
    this.box = await openBox(this.dataset.attempt);
    this.answers = new Answers(this.querySelectorAll("[data-question]"), {
      words: this.words,
      icons: this.dataset.icons,
      box: this.box,
      soon: () => this.sender.soon(),
      unkept: () => this.bar.say(this.words.nothing_kept),
    });
    this.sender = new Sender(this.address, {
      batch: limit => this.answers.batch(limit),
      accept: (sent, told) => { this.answers.accept(sent, told, timeNow()); this.heard(told); },
      fail: (error, sent) => this.isMine && this.fail(error, sent),
      takeOff: sent => this.answers.takeOff(sent),
      land: (sent, isKnown) => this.answers.land(sent, isKnown),
    });
    this.flags = new Flags(this.form, { address: this.address, box: this.box, words: this.words });
    this.form.addEventListener("input", event => event.target.name === "f" || this.answers.typed(event.target));
    this.form.addEventListener("submit", event => this.asked(event));
    this.addEventListener("quiz-end", () => this.end());
    addEventListener("online", () => this.isMine && this.look());
    addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => document.hidden ? this.leave() : this.isMine && this.look());
    this.tab = new Tab(`quiz-${this.dataset.attempt}`, { mine: () => this.mine(), lost: () => this.lost() });
  }

  /** This tab answers from now on: with what the server has, and what the device has kept. */
  async mine() {
    this.bar.say(this.box.keeps ? "" : this.words.nothing_kept);
    this.answers.comeBack();
    await this.sync();
    await this.answers.restore();
    await this.flags.restore();
    this.isMine = true;
    this.flags.isPaused = false;
    if (this.isOver) { this.finish(); return; }
    this.freeze(Boolean(this.hasEnded));
    this.setAttribute("ready", "");
    this.sender.go();
    this.flags.send();
    if (this.hasEnded) this.end();
  }

  leave() {
    this.sender.leave();
    this.flags.send();
  }

  lost() {
    this.isMine = false;
    Object.assign(this.flags, { isPaused: true, pending: false });  // The tab that answers has the box.
    this.removeAttribute("ready");
    this.sender.stop();
    this.answers.leave();
    this.freeze(true);
    this.bar.say(this.words.other_tab, { take: () => this.tab.take() });
  }

  /** Ask the server how the attempt stands; gives whether it said so. */
  async sync() {
    try {
      const told = await ask(this.address);
      this.answers.compare(told);
      this.flags.compare(told);
      this.heard(told);
      return true;
    } catch (error) {
      this.fail(error, []);
      return false;
    }
  }

  async look() {
    const works = await this.sync();
    if (works && !this.isOver) this.sender.go();
    return works;
  }

  heard(told) {
    this.clock?.set(told.seconds_left, told.began);
    if (this.since) this.bar.say(this.words.online);
    this.since = "";
    this.answers.showAll(false);
    this.flags.send();
    if (told.status !== "in_progress") this.over();
  }

  /** Something did not work; gives whether to try again by itself. */
  fail(error, sent) {
    if (error instanceof Refused && OVER.includes(error.code)) { this.over(); return false; }
    if (error.status === 401) {
      this.answers.showAll(true);
      this.sender.stop();
      logIn(this.querySelector("#quiz-login"), () => this.look());
      return false;
    }
    if (error.status === 422) this.answers.refused(sent, error.ids);
    const isBad = error.status === 422, isForeign = error.status === 403 || error.status === 404;
    if (!isBad) this.since ||= timeNow();
    this.answers.showAll(!isBad);
    const said = isForeign ? this.words.foreign : this.box.keeps ? this.words.offline : this.words.offline_unkept;
    if (!this.hasEnded && !isBad) this.bar.say(said.replace("%(time)s", this.since));
    return true;
  }

  /** A button of the form, or Enter. */
  async asked(event) {
    event.preventDefault();
    if (this.form.inert) return;
    await this.sender.now();
    if (event.submitter?.value !== "submit" || this.isOver) return;
    confirmSubmit(this.querySelector("#quiz-submit"), this.answers, this.flags, this.words, () => this.submit());
  }
}

customElements.define("quiz-attempt", QuizAttempt);
