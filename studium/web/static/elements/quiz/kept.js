/** `<quiz-kept attempt="…">` on a result: answers that this device has kept and that were not handed in, to save as a file. */
import { openBox } from "./box.js";
import { saveFile } from "./file.js";
import { isSame, valueOf } from "./question.js";
import { ask } from "./sender.js";

class QuizKept extends HTMLElement {
  async connectedCallback() {
    const attempt = this.getAttribute("attempt"), box = await openBox(attempt);
    const records = await box.all().catch(() => []);
    if (!records.length) return;
    const told = await ask(`/attempts/${attempt}`).catch(() => null);
    if (told?.status === "in_progress") return;
    const saved = new Map(told?.answers.map(one => [one.question_id, valueOf(one)]));
    const isLost = one => (one.pending || one.other) && !isSame(one.other ?? one.value, saved.get(one.question) ?? (told ? [] : null));
    const lost = records.filter(isLost).sort((one, other) => one.place - other.place);
    if (!lost.length) { box.clear().catch(() => {}); return; }
    const [file, clear] = this.querySelectorAll("button");
    this.querySelector("[data-places]").textContent = lost.map(one => one.place).join(", ");
    file.onclick = () => {
      saveFile(this.getAttribute("file"), lost);
      clear.hidden = false;  // Not by itself: a browser may ask where to, and be told not to.
    };
    clear.onclick = () => box.clear().then(() => { this.hidden = true; }, () => {});
    this.hidden = false;
  }
}

customElements.define("quiz-kept", QuizKept);
