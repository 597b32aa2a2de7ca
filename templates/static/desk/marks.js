// Markdown by buttons and keys, and pasting without foreign layout.

import { post } from "./post.js";
import { speak } from "./speak.js";

const words = document.getElementById("composer-words").dataset;
const KEYS = { b: "bold", i: "italic", k: "link" };

export function beginMarks(area) {
  const bar = document.querySelector(`[data-toolbar="${area.id}"]`);
  if (bar) beginBar(bar, area);
  area.addEventListener("keydown", (event) => {
    const mark = (event.ctrlKey || event.metaKey) && !event.altKey && KEYS[event.key.toLowerCase()];
    if (!mark) return;
    event.preventDefault();
    MARKS[mark](area);
  });
  area.addEventListener("paste", (event) => paste(event, area));
}

function beginBar(bar, area) {
  bar.hidden = false;
  const tools = [...bar.querySelectorAll(".tool")];
  // One stop for the Tab key; arrows go from tool to tool (ARIA practices, "Toolbar").
  tools.forEach((tool, at) => (tool.tabIndex = at ? -1 : 0));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tools.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = tools[(at + step + tools.length) % tools.length];
    for (const tool of tools) tool.tabIndex = tool === next ? 0 : -1;
    next.focus();
  });
  bar.addEventListener("click", (event) => {
    const mark = event.target.closest("button[data-mark]")?.dataset.mark;
    if (mark) MARKS[mark](area);
  });
  const merge = bar.querySelector("select");
  merge.addEventListener("change", () => {
    if (merge.value) put(area, `{{ ${merge.value} }}`);
    merge.value = "";
  });
}

const MARKS = {
  bold: (area) => around(area, "**"),
  italic: (area) => around(area, "*"),
  link: (area) => link(area),
  heading: (area) => before(area, () => "## "),
  list: (area) => before(area, () => "- "),
  quote: (area) => before(area, () => "> "),
  picture: (area) => area.form.elements.picture.click(),
};

function around(area, mark) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to);
  const marked = value.slice(from - mark.length, from) === mark && value.startsWith(mark, to);
  if (from === to && !marked && value.startsWith(mark, to)) {
    // At the end of what is marked: go on behind it.
    area.setSelectionRange(to + mark.length, to + mark.length);
  } else if (marked) {
    area.setSelectionRange(from - mark.length, to + mark.length);
    put(area, chosen);
    area.setSelectionRange(from - mark.length, to - mark.length);
  } else {
    put(area, mark + chosen + mark);
    area.setSelectionRange(from + mark.length, to + mark.length);
  }
}

function link(area) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to) || words.linkText;
  put(area, `[${chosen}](https://)`);
  const end = from + chosen.length + 3 + "https://".length;
  area.setSelectionRange(from + chosen.length + 3, end);
}

/** Put a mark before each line that is chosen, or take it away where all have it. */
function before(area, mark) {
  const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const found = area.value.indexOf("\n", area.selectionEnd);
  const to = found < 0 ? area.value.length : found;
  const lines = area.value.slice(from, to).split("\n");
  const marked = lines.every((line) => line.startsWith(mark()));
  area.setSelectionRange(from, to);
  const made = lines.map((line) => (marked ? line.slice(mark().length) : mark() + line));
  put(area, made.join("\n"));
}

/** Put text in place of what is chosen, so that it can be undone like typing. */
function put(area, text) {
  area.focus();
  const done = text
    ? document.execCommand("insertText", false, text)
    : document.execCommand("delete");
  if (done) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

async function paste(event, area) {
  const html = event.clipboardData.getData("text/html");
  const plain = event.clipboardData.getData("text/plain");
  if (!html) return;
  event.preventDefault();
  let text = plain;
  try {
    text = (await post("/desk/paste", { html })).markdown || plain;
    speak(words.pasted);
  } catch {
    // Without the desk the bare words come in.
  }
  put(area, text);
}
