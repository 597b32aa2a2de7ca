// The composer's scripts, put together. Without them the page is forms that are saved by a button.
//
// While somebody types, `drafts` keeps the text in this browser, `autosave` saves it, and the
// letter is told by the event "draft" what is on the screen.

import { Autosave } from "./autosave.js";
import { offerKept } from "./kept.js";
import { beginMarks } from "./marks.js";
import { beginMoving } from "./moving.js";
import { beginPicture } from "./picture.js";

const forms = [...document.querySelectorAll("form[data-autosave]")];
const saves = forms
  .filter((form) => form.querySelector("fieldset:not([disabled])"))
  .map((form) => new Autosave(form));

for (const save of saves) {
  for (const area of save.form.querySelectorAll("textarea[data-markdown]")) beginMarks(area);
  if (save.form.querySelector("[data-picture]")) beginPicture(save.form, () => save.changed());
}
if (saves.length) offerKept(saves);
const list = document.getElementById("items");
if (list && saves.length) beginMoving(list, tell);

document.addEventListener("input", (event) => {
  if (event.target.form?.dataset.autosave) told();
  count(event.target);
  retitle(event.target);
});
document.addEventListener("saved", told);
window.addEventListener("hashchange", showTarget);
showTarget();

let waits = 0;

/** Tell the letter what is on the screen; once for all that happens within a moment. */
function told() {
  cancelAnimationFrame(waits);
  waits = requestAnimationFrame(tell);
}

function tell() {
  const head = document.getElementById("head-form");
  if (!head) return;
  const given = new FormData(head);
  const detail = { items: [] };
  for (const name of ["title", "date", "subject", "preheader", "language"]) {
    detail[name] = given.get(name) ?? "";
  }
  for (const item of document.querySelectorAll("#items > [data-item]")) {
    const fields = new FormData(item.querySelector("form"));
    const without = fields.get("no_picture") === "yes";
    detail.items.push({
      id: Number(item.dataset.item),
      title: fields.get("title"),
      topic: fields.get("topic"),
      summary: fields.get("summary"),
      body: fields.get("body"),
      link: fields.get("link"),
      members_only: fields.get("whom") === "members",
      picture: without ? "" : fields.get("picture_hash"),
      picture_alt: fields.get("picture_alt"),
      picture_caption: fields.get("picture_caption"),
    });
  }
  document.dispatchEvent(new CustomEvent("draft", { detail }));
}

/** How many characters a field has, as it is typed. */
function count(field) {
  const shown = field.dataset?.count && document.getElementById(field.dataset.count);
  if (!shown) return;
  const many = [...field.value].length;
  const words = document.getElementById("composer-words").dataset;
  shown.textContent = words.count.replace("{n}", many);
  const meter = document.querySelector(`[data-meter-of="${field.id}"]`);
  if (meter) meter.value = Math.min(many, meter.max);
}

/** An item's title stands on its fold as it is typed. */
function retitle(field) {
  if (field.name !== "title") return;
  const shown = field.closest("details")?.querySelector("[data-title]");
  const words = document.getElementById("composer-words").dataset;
  if (shown) shown.textContent = field.value.trim() || words.untitled;
}

/** Open the fold that an address leads into. */
function showTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const fold = target && (target.closest("details") ?? target.querySelector("details"));
  if (!fold) return;
  fold.open = true;
  target.scrollIntoView({ block: "start" });
  if (target.matches("input, textarea, select")) target.focus({ preventScroll: true });
}
