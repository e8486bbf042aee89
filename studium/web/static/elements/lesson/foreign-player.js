/** `<foreign-player src label>`: puts the player of another site in its place when its button is pressed, never before. */
class ForeignPlayer extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = false;
    button.onclick = () => {
      const frame = document.createElement("iframe");
      Object.assign(frame, {
        className: "player",
        title: this.getAttribute("label"),
        allow: "autoplay; encrypted-media; fullscreen; picture-in-picture",
        referrerPolicy: "strict-origin-when-cross-origin",  // Without any, YouTube plays nothing.
        src: this.getAttribute("src"),
      });
      frame.sandbox.add("allow-scripts", "allow-same-origin", "allow-popups");
      this.replaceChildren(frame);
      frame.focus();
    };
  }
}

customElements.define("foreign-player", ForeignPlayer);
