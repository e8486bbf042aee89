/** The buttons over a Markdown text, and its keys: each changes the selection, and can be undone as typing can. */
const KEYS = { b: "bold", i: "italic", k: "link" };

/** Put a text in the place of the selection. */
export function put(area, text) {
  area.focus();
  if (document.execCommand("insertText", false, text)) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function wrap(area, before, after) {
  const { selectionStart: start, selectionEnd: end } = area, chosen = area.value.slice(start, end);
  put(area, before + chosen + after);
  area.setSelectionRange(start + before.length, start + before.length + chosen.length);
}

/** Begin each line of the selection with a sign. */
function lines(area, sign) {
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  area.setSelectionRange(start, area.selectionEnd);
  put(area, area.value.slice(start, area.selectionEnd).split("\n").map(line => sign + line).join("\n"));
}

/** Put a block on lines of its own. */
export function block(area, text) {
  const before = area.value.slice(0, area.selectionStart);
  area.setSelectionRange(area.selectionEnd, area.selectionEnd);
  put(area, (before && !before.endsWith("\n\n") ? (before.endsWith("\n") ? "\n" : "\n\n") : "") + text + "\n");
}

const TOOLS = {
  heading: area => lines(area, "## "),
  bold: area => wrap(area, "**", "**"),
  italic: area => wrap(area, "*", "*"),
  list: area => lines(area, "- "),
  quote: area => lines(area, "> "),
  link: area => wrap(area, "[", "](https://)"),
  picture: area => wrap(area, "![", "](/api/v1/files/)"),
  table: (area, words) => block(area, `| ${words.column} | ${words.column} |\n|---|---|\n|  |  |`),
  code: area => wrap(area, "`", "`"),
  formula: area => wrap(area, "$", "$"),
};

/** Let the buttons of a bar and the keys work on a text. */
export function equip(area, bar, words) {
  bar.addEventListener("click", event => {
    const name = event.target.closest("[data-tool]")?.dataset.tool;
    if (name && !area.readOnly) TOOLS[name](area, words);
  });
  area.addEventListener("keydown", event => {
    const name = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && KEYS[event.key.toLowerCase()];
    if (!name || area.readOnly) return;
    event.preventDefault();
    TOOLS[name](area, words);
  });
}

/** Go to a line of a text. */
export function goToLine(area, number) {
  const before = area.value.split("\n").slice(0, number - 1).join("\n"), start = before.length + (number > 1);
  const end = area.value.indexOf("\n", start);
  area.focus();
  area.setSelectionRange(start, end < 0 ? area.value.length : end);
  area.scrollTop = Math.max(0, (number - 4) * parseFloat(getComputedStyle(area).lineHeight || 24));
}
