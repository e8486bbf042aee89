/** `<copy-link>` around a hidden button, and a field or `data-text`: the button copies that, and says so. */
class CopyLink extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input"), button = this.querySelector("button"), words = button.querySelector("span");
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.onclick = async () => {
      const copied = await navigator.clipboard.writeText(this.dataset.text ?? field.value).then(() => true, () => false);
      if (copied) words.textContent = button.dataset.done;
      else field?.select();
    };
  }
}

customElements.define("copy-link", CopyLink);
