// What somebody types, kept in this browser until it is saved: for one account, issue and form.
//
// It is written at each stroke, twice. What is in `localStorage` is there at once, and a page that
// is closed has it; but a browser brings it to the disk seconds later. What is in a database of
// the browser's is on the disk within moments: a browser that is killed has it when it comes back.

const html = document.documentElement;
const PREFIX = `mailer:draft:${html.dataset.account}:`;
const OLD = 14 * 24 * 3600 * 1000;
const STORE = "drafts";
const opened = open();

export function keep(name, draft) {
  write(name, { ...draft, at: Date.now() });
}

export function forget(name) {
  // What the database still has is older than this, should the page be left before it is gone.
  write(name, { at: Date.now(), gone: true });
}

/** What was kept of a form; null where nothing was. */
export async function kept(name) {
  const both = [near(name), await asked((store) => store.get(PREFIX + name))];
  const [draft] = both.filter(Boolean).sort((one, other) => other.at - one.at);
  if (!draft || draft.gone) return null;
  if (Date.now() - draft.at < OLD) return draft;
  forget(name);
  return null;
}

function write(name, draft) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(draft));
  } catch {
    // No room, or none allowed.
  }
  asked((store) => store.put(draft, PREFIX + name));
}

function near(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null; // Unreadable, or none allowed.
  }
}

/** What the database answers; null where it does not. Whatever is asked first is done first. */
async function asked(ask) {
  const database = await opened;
  if (!database) return null;
  return new Promise((done) => {
    try {
      const request = ask(database.transaction(STORE, "readwrite").objectStore(STORE));
      request.onsuccess = () => done(request.result ?? null);
      request.onerror = () => done(null);
    } catch {
      done(null);
    }
  });
}

function open() {
  return new Promise((done) => {
    try {
      const request = indexedDB.open("mailer", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => done(request.result);
      request.onerror = request.onblocked = () => done(null);
    } catch {
      done(null); // None allowed.
    }
  });
}
