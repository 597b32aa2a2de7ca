// A form that is saved by its button alone: what is typed into it is kept in this browser until
// then, and offered again where the browser, the network or the session was gone.
//
// `data-keep` names the form; `data-made-from` the one that it was before it was saved at first;
// `data-unsaved` says that the desk gave back what it did not take.

import { forget, keep, kept } from "./drafts.js";
import { alike, offerKept } from "./kept.js";

class Keeping {
  constructor(form) {
    this.form = form;
    this.name = form.dataset.keep;
    form.addEventListener("input", () => this.changed());
    // Whoever leaves by a link within a moment has typed as well.
    form.addEventListener("submit", () => this.changed());
    if ("unsaved" in form.dataset) this.changed();
  }

  /** The form's texts, by name; of a box, whether it is ticked. */
  fields() {
    const fields = {};
    for (const field of this.form.elements) {
      if (!field.name || ["csrf", "version", "scheme"].includes(field.name)) continue;
      if (field.type === "checkbox") fields[field.name] = field.checked ? "yes" : "";
      else if (["text", "textarea", "select-one"].includes(field.type)) {
        fields[field.name] = field.value;
      }
    }
    return fields;
  }

  get version() {
    return this.form.elements.version.value;
  }

  set version(version) {
    this.form.elements.version.value = version;
  }

  changed() {
    keep(this.name, { version: this.version, fields: this.fields() });
  }

  /** It is saved by its button. */
  save() {}
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  const keeping = new Keeping(form);
  const before = form.dataset.madeFrom;
  if (before) {
    const draft = await kept(before);
    if (draft && alike({ ...keeping.fields(), ...draft.fields }, keeping.fields())) forget(before);
  }
  if (!("unsaved" in form.dataset)) offerKept([keeping]);
}
