// The letter beside the composer, live: what is on the screen is posted, never saved, and the
// compiler's own letter comes back. Without this script the panel is a form, and works.
//
// Whoever edits says so with a CustomEvent "draft" on the document; its detail is the issue as it
// is on the screen (see docs/ARCHITECTURE.md). "goto" is sent where a finding leads to a field, so
// that the field can be shown first.

import { Letter } from "./frame.js";
import { post, Refused, SignedOut } from "./post.js";
import { filled, speak } from "./speak.js";

const LETTER_MS = 100;
const FINDINGS_MS = 700;

const panel = document.getElementById("letter");
const before = document.getElementById("before");
if (panel) begin(panel);
if (before) lookOut(before);

let typed = {};

function begin(panel) {
  const form = panel.querySelector("[data-choice]");
  const part = (name) => panel.querySelector(`[data-${name}]`);
  const paper = new Letter(part("paper"));
  let letter = null;
  let asked = null;
  let waits = 0;

  form.querySelector(".show-it").hidden = true;
  document.addEventListener("draft", (event) => {
    typed = event.detail;
    later(LETTER_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later(0);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "asked") return;
    if (event.target.name === "width" && letter) show(letter);
    later(0);
  });
  follow(form, part);

  function later(ms) {
    clearTimeout(waits);
    waits = setTimeout(ask, ms);
  }

  /** Ask for the letter as it is now; only the newest question's answer counts. */
  async function ask() {
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      const answer = await post(`${panel.dataset.path}/preview?${query(form)}`, typed, {
        signal: mine.signal,
      });
      if (mine === asked) show((letter = answer));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof SignedOut) say(panel.dataset.signedOut);
      else if (error instanceof Refused) say(error.message || panel.dataset.offline);
      else say(panel.dataset.offline);
    }
  }

  function show(letter) {
    say(letter.fault && filled(panel.dataset.fault, { fault: letter.fault }));
    for (const [name, words] of Object.entries(letter.inbox)) {
      panel.querySelector(`[data-inbox="${name}"]`).textContent = words;
    }
    if (letter.fault) return; // The last letter that could be made stays.
    paper.show(letter, new FormData(form).get("width"));
    const meter = part("meter");
    meter.className = `meter ${letter.meter.level}`;
    meter.querySelector(".used").setAttribute("width", letter.meter.used);
    part("meter-words").textContent = letter.meter.words;
    part("missing").textContent = letter.missing;
    part("missing").hidden = !letter.missing;
    panel.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
  }

  function say(words) {
    const place = part("fault-words");
    place.hidden = !words;
    if (place.textContent !== words) place.textContent = words;
  }

  /** Look for a reader while somebody types who it is. */
  function follow(form, part) {
    const field = form.elements.asked;
    if (!field) return;
    const list = part("matching");
    let wait = 0;
    field.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(look, 300);
    });
    part("nobody")?.addEventListener("click", (event) => {
      event.preventDefault();
      choose("", "");
    });
    async function look() {
      list.replaceChildren();
      if (!field.value.trim()) return;
      const root = document.documentElement.dataset.root;
      const where = `${root}${panel.dataset.path}/letter/readers?${new URLSearchParams({ asked: field.value })}`;
      const answer = await fetch(where, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { readers } = await answer.json();
      list.replaceChildren(
        ...readers.map((one) => {
          const item = document.createElement("li");
          const button = document.createElement("button");
          button.type = "button";
          button.className = "plain";
          button.textContent = one.words;
          button.addEventListener("click", () => choose(one.id, one.words));
          item.append(button);
          return item;
        }),
      );
      if (!readers.length) {
        const item = document.createElement("li");
        item.textContent = panel.dataset.nobody;
        list.append(item);
      }
      speak(readers.length ? readers[0].words : panel.dataset.nobody);
    }
    function choose(id, words) {
      form.elements.reader.value = id;
      field.value = words;
      list.replaceChildren();
      part("as-reader").hidden = true;
      later(0);
    }
  }
}

function query(form) {
  const chosen = new FormData(form);
  chosen.delete("asked");
  return new URLSearchParams(chosen);
}

function lookOut(before) {
  const list = before.querySelector("[data-findings]");
  let waits = 0;
  let asked = null;
  document.addEventListener("draft", (event) => {
    typed = event.detail;
    clearTimeout(waits);
    waits = setTimeout(() => look("findings"), FINDINGS_MS);
  });
  before.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-goto]");
    const field = link && document.getElementById(link.dataset.goto);
    if (!field) return; // It stands on another page, and the link leads there.
    event.preventDefault();
    lead(field);
  });
  const links = before.querySelector("[data-links]");
  links?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = links.querySelector("button");
    button.disabled = true;
    speak(links.dataset.asking);
    await look("links");
    button.disabled = false;
    button.focus();
    speak(list.textContent.replace(/\s+/g, " "));
  });

  async function look(what) {
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      const answer = await post(`${before.dataset.path}/${what}`, typed, { signal: mine.signal });
      if (mine !== asked) return;
      // Made by our own templates, which escape what anybody wrote.
      list.innerHTML = answer.html;
    } catch {
      // The letter's panel says what is the matter; the last findings stay.
    }
  }
}

/** Show a field and put the cursor into it, whatever it is folded into. */
export function lead(field) {
  document.dispatchEvent(new CustomEvent("goto", { detail: { id: field.id } }));
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  field.scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
}
