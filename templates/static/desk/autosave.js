// Saves a form while it is being filled in, and says so in words.
//
// One save of a form is under way at a time, based on the version that the one before it made.
// What the desk does not take is kept, and shown with the reason; without a connection it is tried
// again until there is one.

import { showBoth } from "./both.js";
import { forget, keep } from "./drafts.js";
import { post, Refused, SignedOut } from "./post.js";
import { filled, speak } from "./speak.js";

const PAUSE = 1200;
const AGAIN = 5000;
const all = new Set();
const words = document.getElementById("composer-words")?.dataset ?? {};
const state = document.getElementById("save-state");

export class Autosave {
  constructor(form) {
    this.form = form;
    this.name = `${document.querySelector("[data-issue]").dataset.issue}:${form.dataset.autosave}`;
    this.saved = this.fields();
    this.tried = null;
    this.underWay = false;
    this.waits = 0;
    all.add(this);
    form.addEventListener("input", (event) => {
      if (event.target.type !== "file") this.changed();
    });
    form.addEventListener("submit", () => this.leaves());
    window.addEventListener("online", () => this.differs() && this.save());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.differs()) this.save();
    });
  }

  /** The form's texts, by name. */
  fields() {
    const fields = {};
    for (const [name, value] of new FormData(this.form)) {
      if (typeof value === "string" && !["csrf", "version", "no_picture"].includes(name)) {
        fields[name] = value;
      }
    }
    return fields;
  }

  get version() {
    return this.form.elements.version.value;
  }

  set version(version) {
    for (const field of this.form.parentElement.querySelectorAll('input[name="version"]')) {
      field.value = version;
    }
  }

  differs() {
    return !same(this.fields(), this.saved);
  }

  changed() {
    keep(this.name, { version: this.version, fields: this.fields() });
    say(words.unsaved);
    clearTimeout(this.waits);
    this.waits = setTimeout(() => this.save(), PAUSE);
  }

  /** Posted by its own button: what was typed stays kept until the page comes back. */
  leaves() {
    clearTimeout(this.waits);
    this.underWay = true;
    keep(this.name, { version: this.version, fields: this.fields(), posted: true });
  }

  async save() {
    clearTimeout(this.waits);
    if (this.underWay || this.form.querySelector(":invalid")) return;
    this.underWay = true;
    const sent = this.fields();
    say(words.saving);
    try {
      const body = new URLSearchParams({ ...sent, version: this.version });
      this.took(sent, await post(this.form.dataset.path, body, { keepalive: small(body) }));
    } catch (error) {
      await this.wentWrong(sent, error);
    } finally {
      this.underWay = false;
    }
  }

  took(sent, answer) {
    this.tried = null;
    this.version = answer.version;
    this.wrong({});
    const now = this.fields();
    this.saved = sent;
    // What the desk made of it is shown where nobody has typed on meanwhile.
    for (const [name, value] of Object.entries(answer.fields)) {
      if (name === "members_only" || !(name in sent) || now[name] !== sent[name]) continue;
      const kept = String(value ?? "");
      if (kept !== sent[name] && (answer.from_theirs.includes(name) || !this.isEditing(name))) {
        this.form.elements[name].value = kept;
      }
      this.saved[name] = this.form.elements[name].value;
    }
    if (this.differs()) {
      this.changed();
    } else {
      forget(this.name);
      // The page is saved when each of its forms is.
      say([...all].some((one) => one.differs()) ? words.unsaved : answer.said);
    }
    const facts = this.form.closest("[data-item]")?.querySelector("[data-facts]");
    if (facts && answer.facts) facts.textContent = answer.facts;
    if (answer.told) {
      notice(answer.told);
      speak(answer.told);
    }
    document.dispatchEvent(new CustomEvent("saved"));
  }

  isEditing(name) {
    return document.activeElement === this.form.elements[name];
  }

  async wentWrong(sent, error) {
    if (error instanceof SignedOut) {
      signedOut();
    } else if (error instanceof Refused && error.status === 409) {
      this.overtaken(sent, error.answer);
    } else if (error instanceof Refused && error.status === 422) {
      say(filled(words.refused, { said: error.message }));
      this.wrong(error.answer?.fields ?? {});
    } else if (error instanceof Refused && error.status < 500) {
      say(filled(words.refused, { said: error.message }));
    } else {
      // Perhaps it arrived, and only the answer was lost.
      this.tried = this.tried ?? sent;
      say(words.offline);
      this.waits = setTimeout(() => this.save(), AGAIN);
    }
  }

  overtaken(sent, answer) {
    const own = this.tried && Object.keys(this.tried).every((name) => {
      return !(name in answer.theirs) || String(answer.theirs[name] ?? "") === this.tried[name];
    });
    if (own && !answer.removed) {
      // What overtook it was its own save, whose answer never came.
      this.tried = null;
      this.version = answer.version;
      this.waits = setTimeout(() => this.save(), 0);
      return;
    }
    say(filled(words.refused, { said: answer.said }));
    showBoth(answer, this.form, () => this.leaves(), () => forget(this.name));
  }

  /** Show beside each field what is wrong with it. */
  wrong(fields) {
    for (const old of this.form.querySelectorAll("[data-wrong]")) old.remove();
    for (const field of this.form.querySelectorAll("[data-is-wrong]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("data-is-wrong");
    }
    for (const [name, said] of Object.entries(fields)) {
      const field = this.form.elements[name];
      if (!field?.after) continue;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("data-is-wrong", "");
      const words = document.createElement("p");
      words.className = "error";
      words.setAttribute("role", "alert");
      words.dataset.wrong = "";
      words.textContent = said;
      field.after(words);
    }
  }
}

export function same(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? "") === (other[name] ?? ""));
}

/** A browser sends so much on its way out. */
function small(body) {
  return body.toString().length < 60_000;
}

function say(said) {
  if (state && state.textContent !== said) state.textContent = said;
}

function signedOut() {
  say("");
  const there = location.pathname.slice(document.documentElement.dataset.root.length);
  const link = document.createElement("a");
  link.href = `${document.documentElement.dataset.root}/desk/sign-in?next=${encodeURIComponent(there)}`;
  link.textContent = words.signIn;
  notice(`${words.signedOut} `, link, "wrong");
}

/** A notice above the form; the same one is there once. */
export function notice(said, more = null, kind = "") {
  const place = document.getElementById("kept");
  for (const old of place.querySelectorAll(".told")) old.remove();
  const box = document.createElement("div");
  box.className = `notice told ${kind}`;
  box.setAttribute("role", kind ? "alert" : "status");
  const line = document.createElement("p");
  line.append(said);
  if (more) line.append(more);
  box.append(line);
  place.append(box);
}
