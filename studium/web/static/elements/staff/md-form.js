/** The fields of a lesson, as `SavedText` knows them: read, written, and sent. */
export class MdForm extends HTMLElement {
  freeze(isFrozen) {
    for (const one of this.form.elements) {
      if (one.matches("textarea, input")) one.readOnly = isFrozen;
      if (one.matches("select, button, [type=checkbox]")) one.disabled = isFrozen;
    }
  }

  read() {
    return Object.fromEntries([...this.form.elements].filter(one => one.dataset.field !== undefined)
      .map(one => [one.name, one.type === "checkbox" ? (one.checked ? "1" : "") : one.value]));
  }

  text(fields = this.read()) {
    return JSON.stringify(Object.keys(this.read()).map(name => String(fields[name] ?? "")));
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
