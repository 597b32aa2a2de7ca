// What was typed and never saved, offered again: the browser was killed, the network or the session gone.

import { forget, kept } from "./drafts.js";
import { filled } from "./speak.js";

const place = document.getElementById("kept");
const words = place?.dataset ?? {};

/** Offer what was kept of these forms; it may be there already, as the desk cleaned it. */
export async function offerKept(saves) {
  for (const save of saves) {
    const draft = await kept(save.name);
    if (!draft) continue;
    const now = save.fields();
    if (alike({ ...now, ...draft.fields }, now)) forget(save.name);
    else offer(save, draft, now);
  }
}

export function alike(one, other) {
  const text = (value) => String(value ?? "").replace(/\r\n?/g, "\n").trim();
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every(
    (name) => text(one[name]) === text(other[name]),
  );
}

function offer(save, draft, now) {
  const at = new Date(draft.at);
  const time = `${at.getHours()}:${String(at.getMinutes()).padStart(2, "0")}`;
  const title = draft.fields.title || now.title || draft.fields.subject || words.untitled;
  const box = document.createElement("div");
  box.className = "notice warn";
  box.setAttribute("role", "status");
  const said = document.createElement("p");
  said.textContent = filled(words.kept, { time, title });
  const actions = document.createElement("div");
  actions.className = "actions";
  actions.append(
    button(words.take, "", () => {
      take(save, draft);
      box.remove();
    }),
    button(words.compare, "second", () => compare(draft.fields, now)),
    button(words.drop, "plain", () => {
      forget(save.name);
      box.remove();
    }),
  );
  box.append(said, actions);
  place.append(box);
}

/** Put it into the form, on the version that it was typed on: what others saved since is seen. */
function take(save, draft) {
  const fold = save.form.closest("details");
  if (fold) fold.open = true;
  for (const [name, value] of Object.entries(draft.fields)) {
    const field = save.form.elements[name];
    if (field?.type === "checkbox") field.checked = Boolean(value);
    else if (field) field.value = value;
  }
  save.version = draft.version;
  save.changed();
  save.form.dispatchEvent(new Event("input", { bubbles: true }));
  save.save();
}

function compare(typed, saved) {
  const dialog = document.createElement("dialog");
  dialog.className = "card both";
  dialog.setAttribute("aria-label", words.compare);
  for (const name of Object.keys(typed)) {
    if ((typed[name] ?? "") === (saved[name] ?? "")) continue;
    for (const [heading, text] of [
      [words.keptText, typed[name]],
      [words.savedText, saved[name]],
    ]) {
      const title = document.createElement("h3");
      title.textContent = heading;
      const shown = document.createElement("div");
      shown.className = "text";
      shown.textContent = text ?? "";
      dialog.append(title, shown);
    }
  }
  dialog.append(button(words.close, "second", () => dialog.remove()));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function button(said, kind, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = said;
  made.addEventListener("click", act);
  return made;
}
