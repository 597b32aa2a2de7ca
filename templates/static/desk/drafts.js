// What somebody types, kept in this browser until it is saved: for one account, issue and form.
//
// It is written at each stroke, so that a browser that is killed has it when it comes back.

const html = document.documentElement;
const PREFIX = `mailer:draft:${html.dataset.account}:`;
const OLD = 14 * 24 * 3600 * 1000;

export function keep(name, draft) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ ...draft, at: Date.now() }));
  } catch {
    // No room, or none allowed: autosave alone has it then.
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // None was kept.
  }
}

/** What was kept of a form; null where nothing was. */
export function kept(name) {
  try {
    const draft = JSON.parse(localStorage.getItem(PREFIX + name));
    if (draft && Date.now() - draft.at < OLD) return draft;
    forget(name);
  } catch {
    // Unreadable, or none allowed.
  }
  return null;
}
