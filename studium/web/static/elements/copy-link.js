/** `<copy-link>` around a field and a hidden button: the button copies what the field holds, and says so. */
class CopyLink extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input"), button = this.querySelector("button"), words = button.querySelector("span");
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.onclick = async () => {
      const copied = await navigator.clipboard.writeText(field.value).then(() => true, () => false);
      if (copied) words.textContent = button.dataset.done;
      else field.select();
    };
  }
}

customElements.define("copy-link", CopyLink);
