// How our pages' scripts post: with the session's token, and an answer as JSON.

const html = document.documentElement;

export class SignedOut extends Error {}
export class Refused extends Error {
  constructor(said, status, answer) {
    super(said);
    this.status = status;
    this.answer = answer;
  }
}

/** Post `body` (FormData, URLSearchParams or a value for JSON) to `path`; gives what is answered.
 *
 *  Throws SignedOut where somebody must sign in again, Refused with the desk's own words, and
 *  TypeError (fetch's own) where the network is gone. */
export async function post(path, body, options = {}) {
  const answer = await send(path, body, options);
  if (answer.status !== 403 || !(await freshToken())) return read(answer);
  // Signed in again in another tab: the token is another one now.
  return read(await send(path, body, options));
}

function send(path, body, options) {
  const isForm = body instanceof FormData || body instanceof URLSearchParams;
  const headers = { Accept: "application/json", "X-CSRF": html.dataset.csrf };
  if (!isForm) headers["Content-Type"] = "application/json";
  return fetch(html.dataset.root + path, {
    method: "POST",
    body: isForm ? body : JSON.stringify(body),
    headers,
    signal: options.signal,
    keepalive: options.keepalive ?? false,
  });
}

async function read(answer) {
  const kind = answer.headers.get("Content-Type") ?? "";
  const given = kind.startsWith("application/json") ? await answer.json() : null;
  if (answer.status === 401) throw new SignedOut(given?.said ?? "");
  if (!answer.ok) throw new Refused(given?.said ?? "", answer.status, given);
  return given;
}

/** Ask for the token of the session that this browser has now; false where nothing is new. */
async function freshToken() {
  const answer = await fetch(html.dataset.root + "/desk/session", {
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) return false;
  const { csrf, account } = await answer.json();
  // Somebody else signed in: what was typed here is not theirs to send.
  if (account !== Number(html.dataset.account) || csrf === html.dataset.csrf) return false;
  html.dataset.csrf = csrf;
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = csrf;
  return true;
}
