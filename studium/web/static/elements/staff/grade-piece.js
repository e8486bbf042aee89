/** One piece of work on the page: its fields, what they may hold, and what a button puts into them. */
export class Piece {
  constructor(node) {
    this.node = node;
    this.form = node.querySelector("form");
    this.fields = [...node.querySelectorAll("[name^='p-'], textarea")];
    Object.assign(this, node.dataset);
  }

  /** The field of the points (`p`) or of the words (`f`) for a question. */
  field(number, kind = "p") {
    return this.node.querySelector(`#${kind}-${number}`);
  }

  /** The number of the question that has the focus, or of the first one. */
  get number() {
    return document.activeElement?.name?.match(/^[pf]-(\d+)$/)?.[1] ?? this.fields[0].name.slice(2);
  }

  get isChanged() {
    return this.fields.some(field => field.value !== field.defaultValue);
  }

  /** The first field of points that does not fit; beside each of these stands one of the `words` that says why. */
  wrong(words) {
    const found = this.fields.filter(field => field.dataset.most && this.complain(field, words[this.fault(field)]));
    return found[0];
  }

  /** Why points are no number between 0 and all, as the name of a sentence; words want points. */
  fault(field) {
    const text = field.value.trim().replace(/[٠-٩]/g, digit => digit.charCodeAt(0) - 0x660).replace(/[,٫]/, ".");
    if (!text) return this.field(field.name.slice(2), "f").value.trim() ? "missing" : null;
    if (!/^\d+(\.\d{1,2})?$/.test(text)) return "no_number";
    return Number(text) > Number(field.dataset.most) ? "too_many" : null;
  }

  /** Say a sentence beside a field, and aloud; without one nothing is wrong with it. Gives whether there is one. */
  complain(field, sentence) {
    const box = field.closest(".field"), id = `${field.id}-error`;
    box.querySelector(".error")?.remove();
    box.classList.toggle("bad", Boolean(sentence));
    for (const name of ["aria-invalid", "aria-describedby"]) field.removeAttribute(name);
    if (!sentence) return false;
    const said = document.querySelector("template[data-error]").content.firstElementChild.cloneNode(true);
    said.id = id;
    said.lastElementChild.textContent = sentence;
    field.before(said);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", id);
    return true;
  }

  /** What is sent of it; what was typed is as if it had come so from now on. */
  taken() {
    const { attempt, name, here } = this, pairs = [...new FormData(this.form)];
    for (const field of this.fields) field.defaultValue = field.value;
    return { attempt, name, here, address: this.form.getAttribute("action"), pairs };
  }

  /** What the device has kept of it is in its form again; beside what another grader gave, or with what is wrong, where that is why. */
  restore(kept, words) {
    for (const [name, value] of kept?.pairs ?? []) {
      const field = this.fields.find(one => one.name === name);
      if (field) field.value = value;
    }
    for (const both of this.node.querySelectorAll("[data-both]")) both.hidden &&= kept?.trouble !== "changed";
    if (kept?.trouble === "refused") this.wrong(words);
    this.light();
  }

  /** The buttons of the points that are typed. */
  light() {
    for (const button of this.node.querySelectorAll("[name^='give-']"))
      button.toggleAttribute("data-on", this.field(button.name.slice(5)).value === button.value);
  }

  give(number, points) {
    this.field(number).value = points;
    this.light();
  }

  /** One's own comment at the end of the words; that it was used is counted. */
  insert(button) {
    const [, number, ...id] = button.value.split("-"), field = this.field(number, "f");
    field.value = [field.value.trim(), button.querySelector(".cut").textContent].filter(Boolean).join("\n");
    this.form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "c", value: id.join("-") }));
    field.focus();
  }
}
