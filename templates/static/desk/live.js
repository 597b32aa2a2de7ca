// A form whose letter is shown as it is typed: what stands in the form is posted to `data-live`,
// never saved, and a letter and words about fields come back.

import { Letter } from "./frame.js";
import { post } from "./post.js";

const WAIT_MS = 150;

for (const form of document.querySelectorAll("form[data-live]")) {
  const paper = new Letter(document.querySelector("[data-paper]"));
  const fault = document.querySelector("[data-fault-words]");
  let waits = 0;
  let asked = null;

  form.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(ask, WAIT_MS);
  });

  async function ask() {
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      const answer = await post(form.dataset.live, fields(), { signal: mine.signal });
      if (mine === asked) show(answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      fault.textContent = error.message;
      fault.hidden = !error.message;
    }
  }

  /** All fields but the files, which are looked at when they are saved. */
  function fields() {
    const chosen = new FormData(form);
    for (const [name, value] of [...chosen]) if (value instanceof File) chosen.delete(name);
    return new URLSearchParams(chosen);
  }

  function show(answer) {
    fault.textContent = answer.fault;
    fault.hidden = !answer.fault;
    for (const [name, words] of Object.entries(answer.notes ?? {})) {
      document.querySelector(`[data-note="${name}"]`).textContent = words;
    }
    for (const [name, colour] of Object.entries(answer.colours ?? {})) {
      document.querySelector(`[data-colour="${name}"]`)?.setAttribute("fill", colour);
    }
    if (!answer.fault) paper.show(answer, new FormData(form).get("width") ?? "phone");
  }
}
