// How far an issue has got, as the desk sends it. Where something else can be done than before, the
// page is asked for anew, so that its buttons are the right ones.

import { speak } from "./speak.js";

const page = document.getElementById("progress");
const lost = document.getElementById("lost");
const SPEAK_EVERY_MS = 30_000;
let spokenAt = Date.now();

const source = new EventSource(page.dataset.events);

source.addEventListener("message", (event) => {
  lost.textContent = "";
  const news = JSON.parse(event.data);
  if (!show("own", news.own) || !show("correction", news.correction)) again();
});

source.addEventListener("error", () => {
  lost.textContent = lost.dataset.words;
  // Not a line that broke, but an answer that is none: somebody has to sign in again.
  if (source.readyState === EventSource.CLOSED) again();
});

/** Show what is told of one mailing; false where the page has to be another. */
function show(of, told) {
  const part = page.querySelector(`[data-of="${of}"]`);
  if (!part || !told) return !part && !told;
  if (part.dataset.status !== told.status) return false;
  sentences(part.querySelector('[data-live="sentences"]'), told.sentences);
  for (const row of told.rows) {
    const line = part.querySelector(`[data-row="${row.key}"]`);
    line.hidden = row.hidden;
    set(line.querySelector('[data-live="count"]'), row.count);
    set(line.querySelector('[data-live="note"]'), row.note);
    const list = line.querySelector("[data-lists]");
    if (list) list.hidden = !row.lists;
  }
  for (const piece of told.bar) {
    const drawn = part.querySelector(`[data-part="${piece.key}"]`);
    drawn.setAttribute("x", piece.x);
    drawn.setAttribute("width", piece.width);
  }
  return true;
}

function sentences(place, said) {
  const before = [...place.children].map((child) => child.textContent);
  if (before.join("\n") === said.join("\n")) return;
  place.replaceChildren(
    ...said.map((words) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = words;
      return paragraph;
    }),
  );
  if (Date.now() - spokenAt > SPEAK_EVERY_MS) {
    spokenAt = Date.now();
    speak(said.join(" "));
  }
}

function set(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function again() {
  source.close();
  location.reload();
}
