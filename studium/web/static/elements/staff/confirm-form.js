import { partOf } from "./html.js";

/**
 * A link to the question before something final. It is asked in a dialog: the part `ask` of the page that the link leads to,
 * whose form is sent as it stands. A link with `data-keep` in it closes the dialog. Without a script the link leads there.
 */
class ConfirmForm extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
  }

  async handleEvent(event) {
    const link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const question = await this.#question(link.href);
    if (question) this.#ask(link, question);
    else location.assign(link.href);
  }

  async #question(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      return answer.ok && !answer.redirected ? partOf(await answer.text(), "ask") : null;
    } catch {
      return null;
    }
  }

  #ask(link, question) {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-labelledby", question.getAttribute("aria-labelledby"));
    question.classList.remove("card");
    dialog.append(question);
    dialog.addEventListener("click", event => {
      if (!event.target.closest("[data-keep]")) return;
      event.preventDefault();
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      link.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  }
}

customElements.define("confirm-form", ConfirmForm);
