/** `<video-transcript>` around the lines of a transcript: each plays the video from its time on, and the present one is marked and in view. */
class VideoTranscript extends HTMLElement {
  connectedCallback() {
    this.video = document.querySelector("video");
    if (!this.video) return;  // The player of another site: the lines are links.
    this.links = [...this.querySelectorAll("a[data-at]")];
    this.onclick = event => this.seek(event);
    this.video.addEventListener("timeupdate", () => this.mark());
  }

  seek(event) {
    const link = event.target.closest("a[data-at]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.video.currentTime = Number(link.dataset.at);
    this.video.scrollIntoView({ block: "nearest" });
    this.video.play().catch(() => {});  // A browser may want another tap.
  }

  mark() {
    const at = this.video.currentTime, now = this.links.findLast(link => Number(link.dataset.at) <= at);
    if (now === this.now) return;
    this.now?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "time");
    this.now = now;
    if (now && !this.matches(":hover") && !this.querySelector(":focus-visible")) this.scrollTop = now.offsetTop - now.offsetHeight;
  }
}

customElements.define("video-transcript", VideoTranscript);
