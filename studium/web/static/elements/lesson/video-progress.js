/** `<video-progress action="/courses/…/progress" spent="30">` around a video: says every 15 s, at a pause and on leaving where it stands. */
const EVERY = 15;

class VideoProgress extends HTMLElement {
  connectedCallback() {
    this.video = this.querySelector("video");
    this.spent = Number(this.getAttribute("spent")) || 0;
    this.seen = this.sent = 0;
    this.last = null;
    this.listen = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, act, { signal: this.listen.signal });
    on(this.video, "timeupdate", () => this.count());
    on(this.video, "seeking", () => (this.last = null));
    for (const name of ["pause", "ended"]) on(this.video, name, () => this.send());
    on(window, "pagehide", () => this.send());
  }

  disconnectedCallback() {
    this.send();
    this.listen.abort();
  }

  /** Add what was played since the last time; a jump is not played. */
  count() {
    const at = this.video.currentTime, step = this.last === null ? 0 : at - this.last;
    this.last = at;
    if (step > 0 && step < 2) this.seen += step / this.video.playbackRate;
    if (this.seen - this.sent >= EVERY) this.send();
  }

  send() {
    if (this.seen === this.sent) return;
    const before = this.sent;
    this.sent = this.seen;
    const body = new URLSearchParams({
      last_position_seconds: Math.floor(this.video.ended ? 0 : this.video.currentTime),
      time_spent_seconds: Math.floor(this.spent + this.seen),
    });
    fetch(this.getAttribute("action"), { method: "POST", body, keepalive: true, redirect: "error" })
      .then(answer => answer.ok || Promise.reject(answer.status))
      .catch(() => (this.sent = Math.min(this.sent, before)));
  }
}

customElements.define("video-progress", VideoProgress);
