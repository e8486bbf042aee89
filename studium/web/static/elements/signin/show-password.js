/** `<show-password>` around a password field, a hidden button and a sentence to be heard: the button shows what is typed, and hides it again.
 *
 * A form is sent, and a page left, with a field that is a password: neither the browser nor its history keeps a text.
 */
class ShowPassword extends HTMLElement {
  connectedCallback() {
    const [field, button, told] = ["input", "button", "[aria-live]"].map(one => this.querySelector(one));
    const words = button.querySelector("span"), drawing = button.querySelector("use"), show = words.textContent;
    const turn = shown => {
      field.type = shown ? "text" : "password";
      words.textContent = shown ? button.dataset.hide : show;
      told.textContent = shown ? told.dataset.shown : "";
      drawing.setAttribute("href", drawing.getAttribute("href").replace(/#.*/, shown ? "#eye-off" : "#eye"));
    };
    button.hidden = false;
    button.onclick = () => turn(field.type === "password");
    field.form.addEventListener("submit", () => turn(false));
    addEventListener("pagehide", () => turn(false));
  }
}

customElements.define("show-password", ShowPassword);
