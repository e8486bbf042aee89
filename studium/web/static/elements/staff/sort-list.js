import { partOf } from "./html.js";

/**
 * A list that people put in order: `li[data-id]` in a form, each with a row that has buttons. What a button or a drag sends
 * is sent without leaving the page. The sentence about it goes into the `role=status` that stays, and the focus to the
 * control that the server marks with `autofocus`. What is refused is sent again as a form, so that the page says why.
 */
class SortList extends HTMLElement {
  #dragged = null;
  #target = null;
  #isPlain = false;

  connectedCallback() {
    for (const kind of ["submit", "dragstart", "dragover", "drop", "dragend"]) this.addEventListener(kind, this);
    this.#begin();
  }

  #begin() {
    for (const row of this.querySelectorAll("li[data-id] > .editrow")) row.draggable = true;
  }

  handleEvent(event) {
    if (event.type === "submit" && !this.#isPlain) {
      event.preventDefault();
      this.#send(event.target, event.submitter);
    } else if (event.type === "dragstart") this.#take(event);
    else if (event.type === "dragover") this.#look(event);
    else if (event.type === "drop") this.#drop(event);
    else if (event.type === "dragend") this.#end();
  }

  async #send(form, submitter) {
    if (this.ariaBusy) return;
    this.ariaBusy = "true";
    try {
      const body = new URLSearchParams(new FormData(form, submitter));
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      const part = answer.ok && partOf(await answer.text(), this.id);
      if (!part) throw new Error("refused");
      history.replaceState(null, "", answer.url);
      for (const at of ["form[id]", "[role=status]"]) {
        this.querySelector(at).replaceChildren(...part.querySelector(at).childNodes);
      }
      this.#begin();
      this.querySelector("[autofocus]")?.focus();
    } catch {
      this.#isPlain = true;
      form.requestSubmit(submitter);
    } finally {
      this.ariaBusy = null;
    }
  }

  #take(event) {
    this.#dragged = event.target.closest?.("li[data-id]") ?? null;
    if (!this.#dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.#dragged.dataset.id);
  }

  /** Where it would come to stand: before a row, after it, or below it where lists nest. */
  #look(event) {
    this.#clear();
    const item = event.target.closest("li[data-id]");
    if (!this.#dragged || !item || this.#dragged.contains(item)) return;
    event.preventDefault();
    const row = item.querySelector(".editrow"), box = row.getBoundingClientRect();
    const at = (event.clientY - box.top) / box.height, edge = this.hasAttribute("nests") ? 1 / 3 : 1 / 2;
    this.#target = { item, row, kind: at < edge ? "before" : at > 1 - edge ? "after" : "into" };
    row.classList.add(this.#target.kind);
  }

  #clear() {
    this.#target?.row.classList.remove("before", "after", "into");
    this.#target = null;
  }

  #drop(event) {
    if (!this.#dragged || !this.#target) return;
    event.preventDefault();
    const form = this.querySelector("form[id]");
    form.elements.move.value = this.#dragged.dataset.id;
    form.elements.to.value = this.#place(this.#target);
    this.#end();
    this.#send(form, null);
  }

  #place({ item, kind }) {
    if (kind === "after") return `after:${item.dataset.id}`;
    if (kind === "into") return `first:${item.dataset.id}`;
    const folded = item.closest("details")?.previousElementSibling;
    const before = item.previousElementSibling ?? (item.parentElement.closest("li") ? null : folded?.querySelector(":scope > ol > li:last-child"));
    return before ? `after:${before.dataset.id}` : `first:${item.parentElement.closest("li[data-id]")?.dataset.id ?? ""}`;
  }

  #end() {
    this.#clear();
    this.#dragged = null;
  }
}

customElements.define("sort-list", SortList);
