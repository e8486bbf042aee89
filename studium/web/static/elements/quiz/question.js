/** One question of the form: its fields, what is known of its answer, and what the page says of it. */
const ICONS = { saved: "saved", kept: "device", saving: "clock", unkept: "warning", both: "device", bad: "warning" };
const MARKS = 200;
const SVG = "http://www.w3.org/2000/svg";

/** A text as a value: one of spaces alone is nothing, as it is for the server. */
const ofText = text => text.trim() ? [text] : [];
/** The value of an answer as the server tells it: the options in order, or the text. */
export const valueOf = answer => !answer ? []
  : answer.selected_option_ids.length ? [...answer.selected_option_ids].sort() : ofText(answer.answer_text);
export const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A short mark of a value that was sent to replace the version `base`, to know it again. */
export function markOf(base, value) {
  let one = 0xdeadbeef, two = 0x41c6ce57;
  for (const letter of JSON.stringify([base, value])) {
    const code = letter.codePointAt(0);
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36);
}

export class Question {
  constructor(section, words, icons) {
    this.section = section;
    this.words = words;
    this.icons = icons;
    this.id = section.dataset.question;
    this.place = section.dataset.place;
    this.fields = [...section.querySelectorAll("[name^='a-']")];
    this.base = Number(section.querySelector("[name^='v-']").value);
    this.value = this.read(field => field.defaultChecked, field => field.defaultValue);
    this.saved = this.value;
    this.number = 0;
    this.kept = -1;
    this.unknown = [];
    this.flying = [];
    this.pending = false;
    this.other = null;
    this.held = null;
    if (!isSame(this.read(), this.value)) this.write(this.value);
    this.say(this.value.length ? "saved" : "open");
  }

  read(isChosen = field => field.checked, textOf = field => field.value) {
    const options = this.fields.filter(field => field.type === "radio" || field.type === "checkbox");
    if (options.length) return options.filter(isChosen).map(field => field.value).sort();
    return ofText(textOf(this.fields[0]));
  }

  /** Whether somebody writes here now: a text that has the focus. */
  get isWritten() {
    const [field] = this.fields;
    return field === document.activeElement && field.type !== "radio" && field.type !== "checkbox" && !field.closest("[inert]");
  }

  /** Do something when nobody writes here: at once, or when the field is left. */
  whenLeft(what) {
    this.fields[0].onblur = null;
    if (!this.isWritten) what();
    else this.fields[0].onblur = () => this.whenLeft(what);
  }

  write(value) {
    for (const field of this.fields) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = value.includes(field.value);
      else if (field.value !== (value[0] ?? "")) field.value = value[0] ?? "";
    }
  }

  /** The value in words for a person. */
  inWords(value) {
    const chosen = this.fields.filter(field => ["radio", "checkbox"].includes(field.type) && value.includes(field.value));
    return chosen.map(field => field.labels[0].textContent.trim()).join(" · ") || value.join("") || this.words.nothing;
  }

  get record() {
    const { id: question, place, number, value, base, unknown, flying, pending, other } = this;
    const sent = [...unknown, ...flying], words = this.inWords(other ?? value);
    return { question, place, number, value, base, sent, pending, other, words };
  }

  /** A request has ended: it was answered, or nobody knows whether its value is saved. */
  landed(mark, isKnown) {
    const place = this.flying.indexOf(mark);
    if (place >= 0) this.flying.splice(place, 1);
    if (!isKnown && !this.unknown.includes(mark)) this.unknown = [...this.unknown, mark].slice(-MARKS);
  }

  /** Whether what is saved instead of the version `base` may be of this device, by a request that was never answered. */
  mayHaveSent(value, base = this.base) {
    const mark = markOf(base, value);
    return this.unknown.includes(mark) || this.flying.includes(mark);
  }

  /** The fields of a form that send this answer. */
  get pairs() {
    return [[`v-${this.place}`, String(this.base)], ...this.value.map(one => [`a-${this.place}`, one])];
  }

  /** Show where the answer is: open, saving, saved, kept, unkept, bad, both. */
  say(state, time = "") {
    if (this.other) state = "both";
    this.section.dataset.state = state;
    const label = this.section.querySelector(".saved"), text = this.words[state].replace("%(time)s", time).trim();
    if (label.textContent !== text) {
      const icon = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
      icon.setAttribute("class", "i");
      icon.setAttribute("aria-hidden", "true");
      use.setAttribute("href", `${this.icons}#${ICONS[state]}`);
      icon.append(use);
      label.replaceChildren(...(ICONS[state] ? [icon] : []), text);
    }
    label.classList.toggle("ok", state === "saved");
    label.classList.toggle("kept", ["kept", "unkept", "both", "bad"].includes(state));
    const link = document.querySelector(`.numbers a[href='#q${this.place}']`);
    const shown = !this.value.length && !this.other ? "" : state === "saved" ? "given" : state === "open" ? "" : "kept";
    link.classList.remove("given", "kept");
    if (shown) link.classList.add(shown);
    link.querySelector(".vh").textContent = `, ${shown ? text : this.words.open}`;
  }

  /** Show the answer of this device beside the one that another has saved; `chosen` is called with the one to keep. */
  showBoth(chosen) {
    this.hideBoth();
    const both = document.getElementById("quiz-both").content.cloneNode(true).firstElementChild;
    both.querySelector("blockquote").textContent = this.inWords(this.other);
    both.querySelector("[data-do='mine']").onclick = () => chosen(this.other);
    both.querySelector("[data-do='saved']").onclick = () => chosen(null);
    this.section.querySelector(".ask").after(both);
    this.say("both");
  }

  hideBoth() {
    this.section.querySelector(".both")?.remove();
  }
}
