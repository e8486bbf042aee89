/** The answers of an attempt between the form, the box of the device and the server. */
import { byQuestion, Devices } from "./devices.js";
import { isSame, markOf, Question, valueOf } from "./question.js";

export class Answers extends Devices {
  /** `soon` is called when something waits to be sent, `unkept` when the device keeps nothing. */
  constructor(sections, { words, icons, box, soon, unkept }) {
    super();
    Object.assign(this, { words, box, soon, unkept, isOffline: false, oneByOne: false });
    this.questions = new Map([...sections].map(one => [one.dataset.question, new Question(one, words, icons)]));
  }

  get all() {
    return [...this.questions.values()];
  }

  /** Those of which the server does not have what the learner gave. */
  get waiting() {
    return this.all.filter(one => one.pending || one.other);
  }

  /** Those that may yet be sent without the learner: neither wrong nor answered on another device too. */
  get sendable() {
    return this.all.filter(one => one.pending && !one.held && one.bad !== one.number);
  }

  show(question) {
    const { pending, value, number, kept, bad, time, held } = question;
    if (held) question.say("both");
    else if (!pending) question.say(value.length ? "saved" : "open", time ?? "");
    else if (bad === number) question.say("bad");
    else if (this.isOffline) question.say(kept >= number ? "kept" : "unkept");
    else question.say("saving");
  }

  showAll(isOffline) {
    this.isOffline = isOffline;
    for (const question of this.all) if (question.pending) this.show(question);
  }

  typed(field) {
    this.changed(this.questions.get(field.closest("[data-question]").dataset.question));
  }

  /** The server does not take something of these. What it names waits for a change; else they go one by one to find it. */
  refused(sent, ids) {
    const named = sent.filter(one => sent.length === 1 || ids.includes(one.question.id));
    for (const { question, number } of named) question.bad = number;
    this.oneByOne ||= !named.length;
  }

  /** The learner has changed an answer: it is kept here at once. */
  changed(question) {
    question.value = question.read();
    question.number += 1;
    question.pending = true;
    this.keep(question);
    this.show(question);
    this.soon();
  }

  async keep(question) {
    if (this.hasLeft) return;
    question.again = true;
    if (question.keeping || !this.box.keeps) return;
    question.keeping = true;
    try {
      while (question.again) {
        question.again = false;
        const { record } = question;
        await this.box.put(record);
        question.kept = record.number;
      }
    } catch {
      this.unkept();
    } finally {
      question.keeping = false;
    }
    this.show(question);
  }

  /** What waits to be sent, up to so many bytes, and whether that is not all. */
  batch(limit) {
    const sent = [];
    let size = 0;
    for (const question of this.hasLeft ? [] : this.sendable) {
      const { number, value, pairs, base } = question;
      size += new URLSearchParams(pairs).toString().length + 1;
      if (sent.length && (size > limit || this.oneByOne)) return { sent, isCut: true };
      sent.push({ question, number, value, pairs, mark: markOf(base, value), turn: this.turn });
    }
    return { sent, isCut: false };
  }

  /** What the server says of answers that were sent: saved, or another one stands there. */
  accept(sent, told, time) {
    const answers = byQuestion(told);
    for (const { question, number, value, turn } of sent) {
      const answer = answers.get(question.id), version = answer?.version ?? 0, saved = valueOf(answer);
      if (version < question.base || turn !== this.turn) continue;  // An older request, answered late.
      const isOurs = isSame(saved, value) || version === told.version;
      if (isOurs || question.mayHaveSent(saved)) {
        Object.assign(question, { base: version, saved, unknown: [], held: null });
        if (isOurs && question.number === number) {
          Object.assign(question, { pending: false, time });
          this.settle(question);
        } else {
          this.keep(question);
          this.soon();
        }
      } else if (question.pending) {
        question.held = { base: version, saved };
        question.whenLeft(() => question.held && this.differs(question, question.value, question.held));
      }
      this.show(question);
    }
  }

  /** Only what the server has leaves the box. */
  settle(question) {
    if (question.other) this.keep(question);
    else this.box.drop(question.id, question.number).catch(() => {});
  }

  /** A request takes values along. */
  takeOff(sent) {
    for (const { question, mark } of sent) question.flying.push(mark);
  }

  land(sent, isKnown) {
    for (const { question, mark } of sent) question.landed(mark, isKnown);
  }
}
