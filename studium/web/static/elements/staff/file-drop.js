import { partOf } from "./html.js";

/**
 * A form with a file. The file may be dropped on it, and its upload is shown and can be cancelled; what the server refuses is
 * shown in the place of the form. The words are attributes: `data-sending`, `data-cancel`, `data-lost`.
 */
class FileDrop extends HTMLElement {
  #request = null;

  connectedCallback() {
    for (const kind of ["dragover", "dragleave", "drop", "submit"]) this.addEventListener(kind, this);
  }

  disconnectedCallback() {
    this.#request?.abort();
  }

  get #input() {
    return this.querySelector("input[type=file]");
  }

  handleEvent(event) {
    if (event.type === "submit") {
      event.preventDefault();
      this.#send(event.target, event.submitter);
      return;
    }
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop") this.#take(event.dataTransfer.files[0]);
  }

  #take(file) {
    if (!file || this.#request) return;
    const one = new DataTransfer();
    one.items.add(file);
    this.#input.files = one.files;
    this.#input.dispatchEvent(new Event("change", { bubbles: true }));
    this.#input.focus();
  }

  #send(form, submitter) {
    if (this.#request) return;
    const file = this.#input.files[0], request = (this.#request = new XMLHttpRequest());
    const { bar, box } = this.#progress(file.name, () => request.abort());
    const body = new FormData(form, submitter);
    form.inert = true;
    form.after(box);
    box.querySelector("button").focus();
    request.upload.addEventListener("progress", sent => {
      bar.max = sent.total;
      bar.value = sent.loaded;
    });
    request.addEventListener("loadend", () => {
      this.#request = null;
      box.remove();
      form.inert = false;
      if (request.status) this.#show(request);
      else {
        this.#say(request.wasStopped ? "" : this.dataset.lost);
        submitter?.focus();
      }
    });
    request.addEventListener("abort", () => (request.wasStopped = true));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.send(body);
  }

  /** How much of it is sent, with a way to stop. */
  #progress(name, stop) {
    const box = document.createElement("div"), line = document.createElement("p"), words = document.createElement("span");
    const bar = document.createElement("progress"), button = document.createElement("button"), called = document.createElement("bdi");
    box.className = "card stack gap2";
    line.className = "row nowrap";
    words.className = "grow";
    called.textContent = name;
    words.append(this.dataset.sending, " ", called);
    bar.setAttribute("aria-label", this.dataset.sending);
    button.type = "button";
    button.className = "btn small";
    button.textContent = this.dataset.cancel;
    button.addEventListener("click", stop);
    line.append(words, button);
    box.append(line, bar);
    return { bar, box };
  }

  #show(request) {
    if (request.status < 400) {
      location.assign(request.responseURL);
      return;
    }
    const part = partOf(request.responseText, this.id);
    if (!part) {
      this.#say(this.dataset.lost);
      return;
    }
    this.replaceChildren(...part.childNodes);
    this.querySelector(".summary")?.focus();
  }

  #say(sentence) {
    this.querySelector(".lost")?.remove();
    if (!sentence) return;
    const said = document.createElement("p");
    said.className = "error lost";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    this.append(said);
  }
}

customElements.define("file-drop", FileDrop);
