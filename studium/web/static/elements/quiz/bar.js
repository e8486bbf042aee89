/** What the page says of the whole attempt, once to the eye and once to the ear, with at most one thing to do. */
export class Bar {
  constructor(root) {
    this.shown = root.querySelector(".offline");
    this.told = root.querySelector("#quiz-told");
  }

  /** Say a sentence; `offered` are the names of what can be done about it. */
  say(sentence, offered = {}) {
    this.shown.hidden = !sentence;
    const text = this.shown.querySelector("span");
    if (text.textContent !== sentence) this.told.textContent = text.textContent = sentence;
    for (const button of this.shown.querySelectorAll("[data-do]")) {
      button.hidden = !(button.dataset.do in offered);
      button.onclick = offered[button.dataset.do] ?? null;
    }
  }
}

const places = questions => questions.map(one => one.place).join(", ");

/** A sentence that names the questions that are saved, and those that are here alone. */
export function standing(sentence, { all, waiting }) {
  const saved = all.filter(one => one.saved.length && !waiting.includes(one));
  return sentence.replace("%(saved)s", places(saved) || "–").replace("%(here)s", places(waiting) || "–");
}

/** The time of day, for people. */
export const timeNow = () => {
  const form = { hour: "2-digit", minute: "2-digit", numberingSystem: "latn" };
  return new Date().toLocaleTimeString(document.documentElement.lang, form);
};

/** Ask whether to submit, with what is open or to be looked at again; what is not saved must be saved first. */
export function confirmSubmit(dialog, { all, waiting }, flags, words, submit) {
  const open = all.filter(one => !one.value.length && !one.other);
  const [told, flagged, unsaved] = dialog.querySelectorAll("[data-list]"), button = dialog.querySelector(".main");
  told.textContent = open.length ? words.open_ones.replace("%(numbers)s", places(open)) : "";
  flagged.textContent = flags.places.length ? words.flagged_ones.replace("%(numbers)s", flags.places.join(", ")) : "";
  unsaved.textContent = waiting.length ? words.unsaved_ones.replace("%(numbers)s", places(waiting)) : "";
  button.disabled = waiting.length > 0;
  button.onclick = () => { dialog.close(); submit(); };
  dialog.querySelector("[data-do='back']").onclick = () => dialog.close();
  dialog.showModal();
}

/** Ask to log in, in a dialog or on another page, until `works` says that it worked. */
export function logIn(dialog, works) {
  if (dialog.open) return;
  const form = dialog.querySelector("form"), wrong = dialog.querySelector("[role=alert]");
  const look = async () => {
    if (!dialog.open || !await works()) return false;
    removeEventListener("focus", look);
    form.reset();
    dialog.close();
    return true;
  };
  form.onsubmit = async event => {
    event.preventDefault();
    wrong.hidden = true;
    try {
      await fetch("/login", { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    } catch {
      // Without a connection the look fails as well.
    }
    wrong.hidden = await look();
  };
  dialog.oncancel = event => event.preventDefault();
  addEventListener("focus", look);
  dialog.showModal();
}
