/** Answers that meet those of other devices and tabs, and what this device had kept. */
import { isSame, markOf, valueOf } from "./question.js";

export const byQuestion = told => new Map(told.answers.map(one => [one.question_id, one]));

export class Devices {
  hasLeft = false;
  turn = 0;

  /** Another device has saved another answer: it stands, and this one is shown beside it until the learner chooses. */
  differs(question, mine, { base, saved }) {
    Object.assign(question, { base, saved, other: mine, value: saved, pending: false, held: null, unknown: [] });
    question.write(saved);
    this.keep(question);
    this.showBoth(question);
  }

  showBoth(question) {
    question.showBoth(chosen => {
      question.other = null;
      question.hideBoth();
      if (chosen) {
        question.write(chosen);
        this.changed(question);
      } else this.settle(question);
      this.show(question);
    });
  }

  /** What is newer on the server is shown, unless an answer of this device waits to be sent. */
  compare(told) {
    const answers = byQuestion(told);
    for (const question of this.all) {
      const answer = answers.get(question.id), version = answer?.version ?? 0, saved = valueOf(answer);
      const isNews = () => !question.pending && version > question.base;
      if (isNews()) question.whenLeft(() => isNews() && this.renew(question, { base: version, saved }));
    }
  }

  renew(question, { base, saved }) {
    Object.assign(question, { base, saved, value: saved, time: "" });
    question.write(saved);
    this.show(question);
  }

  /** Take up what this device has kept: it is sent, or shown beside what is newer. */
  async restore() {
    for (const record of await this.box.all().catch(() => [])) {
      const question = this.questions.get(record.question);
      if (!question || question.pending) continue;
      const { number, base } = record, unknown = [...record.sent, ...(record.pending ? [markOf(base, record.value)] : [])];
      Object.assign(question, { number, kept: number, unknown, other: record.other });
      const isNews = record.pending && !isSame(record.value, question.saved);
      if (isNews && base !== question.base && !question.mayHaveSent(question.saved, base)) this.differs(question, record.value, question);
      else if (isNews) {
        Object.assign(question, { value: record.value, pending: true });
        question.write(record.value);
      } else if (!question.other) this.settle(question);
      if (question.other) this.showBoth(question);
      this.show(question);
    }
  }

  /** Another tab answers now, and the box is its own; what waits here is in there. */
  leave() {
    this.hasLeft = true;
    this.turn += 1;
    for (const question of this.all) question.held = null;
  }

  /** This tab answers again: what it had kept is in the box as the other tab has left it. */
  comeBack() {
    this.hasLeft = false;
    for (const question of this.turn ? this.all : []) {
      if (question.kept < question.number && question.pending) continue;
      Object.assign(question, { pending: false, held: null, other: null, unknown: [], value: question.saved });
      question.hideBoth();
      question.write(question.saved);
      this.show(question);
    }
  }
}
