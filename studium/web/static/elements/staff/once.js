/** A form that is being sent is not sent again by a second click; it may be once the page is shown anew, or after a while. */
const AGAIN_MS = 5000;

addEventListener("submit", event => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("sending" in form.dataset) { event.preventDefault(); return; }
  form.dataset.sending = "";
  setTimeout(() => delete form.dataset.sending, AGAIN_MS);
});
addEventListener("pageshow", () => { for (const form of document.querySelectorAll("[data-sending]")) delete form.dataset.sending; });
