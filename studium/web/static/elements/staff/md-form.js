const now = one => one.type === "checkbox" ? (one.checked ? "1" : "") : one.value;
const made = one => one.type === "checkbox" ? (one.defaultChecked ? "1" : "")
  : one.options ? ([...one.options].find(each => each.defaultSelected) ?? one.options[0]).value : one.defaultValue;
const held = (one, value) => one.localName === "textarea" ? value.replace(/\r\n?/g, "\n") : value.replace(/[\r\n]/g, "");

/** The fields of a lesson, as `SavedText` knows them: read, written, and sent. */
export class MdForm extends HTMLElement {
  freeze(isFrozen) {
    for (const one of this.form.elements) {
      if (one.matches("textarea, input")) one.readOnly = isFrozen;
      if (one.matches("select, button, [type=checkbox]")) one.disabled = isFrozen;
    }
  }

  get fields() { return [...this.form.elements].filter(one => one.dataset.field !== undefined); }

  read(valueOf = now) {
    return Object.fromEntries(this.fields.map(one => [one.name, valueOf(one)]));
  }

  /** What the page came with, whatever somebody typed before this script ran. */
  made() { return this.read(made); }

  /** The fields as one text, each as its field would hold it. */
  text(values = this.read()) {
    return JSON.stringify(this.fields.map(one => held(one, String(values[one.name] ?? ""))));
  }

  /** Write the fields of such a text. */
  fill(text) {
    const values = JSON.parse(text);
    this.write(Object.fromEntries(this.fields.map((one, at) => [one.name, values[at]])));
  }

  write(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const one = this.form.elements[name];
      if (one?.type === "checkbox") one.checked = Boolean(value);
      else if (one && one.value !== String(value)) one.value = value;
    }
    this.later();
  }

  pairs(more) {
    const pairs = new URLSearchParams(this.read());
    for (const [name, value] of Object.entries(more)) pairs.set(name, value);
    return pairs;
  }
}
