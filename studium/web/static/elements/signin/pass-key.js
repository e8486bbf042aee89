/** `<pass-key data-options="{…}">` around a form: its button has the browser make a passkey (`makes`) or sign with one, and sends the form. */
class PassKey extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form"), field = form.elements.credential, makes = this.hasAttribute("makes");
    const read = window.PublicKeyCredential?.[makes ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
    if (!read) return;
    this.hidden = false;
    form.addEventListener("submit", async event => {
      if (field.value) return;
      event.preventDefault();
      const failed = this.querySelector("[role=alert]"), button = form.querySelector("button");
      failed.hidden = button.disabled = true;
      try {
        const publicKey = read.call(PublicKeyCredential, JSON.parse(this.dataset.options));
        const made = await navigator.credentials[makes ? "create" : "get"]({ publicKey });
        field.value = JSON.stringify(made);
        form.submit();
      } catch {
        failed.hidden = button.disabled = false;
        button.focus();
      }
    });
  }
}

customElements.define("pass-key", PassKey);
