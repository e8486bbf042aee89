/** `<quiz-clock seconds="1131">`: counts down by `performance.now()`, is put right by `set`, and ends with the event `quiz-end`. */
const TELL = [600, 300, 60];
const clock = seconds => {
  const whole = Math.max(0, Math.ceil(seconds)), two = number => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

class QuizClock extends HTMLElement {
  connectedCallback() {
    this.figure = this.querySelector("b");
    this.words = JSON.parse(this.dataset.words);
    this.told = this.querySelector("[role=status]");
    this.left = Number(this.getAttribute("seconds"));
    this.marks = new Set([...TELL, Math.floor(Number(this.getAttribute("all")) / 2)].filter(mark => mark < this.left));
    this.querySelector(".when")?.remove();
    const hide = this.querySelector(".clock-hide");
    hide.onclick = () => {
      const hidden = this.toggleAttribute("hides");
      hide.setAttribute("aria-pressed", String(hidden));
      this.querySelector("[role=timer]").hidden = hidden;
    };
    this.set(this.left);
    this.timer = setInterval(() => this.tick(), 250);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  /** So many seconds are left, counted from `from`, a moment of `performance.now()`. */
  set(seconds, from = performance.now()) {
    if (seconds === null || this.ended) return;
    this.end = from + seconds * 1000;
    this.tick();
  }

  tick() {
    this.left = (this.end - performance.now()) / 1000;
    const text = clock(this.left);
    if (this.figure.textContent !== text) this.figure.textContent = text;
    for (const mark of this.marks) {
      if (this.left > mark) continue;
      this.marks.delete(mark);
      this.told.textContent = this.words.left.replace("%(time)s", clock(mark));
    }
    if (this.left > 0 || this.ended) return;
    this.ended = true;
    clearInterval(this.timer);
    this.told.textContent = this.words.up;
    this.dispatchEvent(new CustomEvent("quiz-end", { bubbles: true }));
  }
}

customElements.define("quiz-clock", QuizClock);
