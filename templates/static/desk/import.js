// An import's page while it is at work: how far it is, asked for again and again.

const html = document.documentElement;
const far = document.getElementById("far");
const bar = document.getElementById("bar");
const EVERY_MS = 1500;

async function ask() {
  try {
    const answer = await fetch(html.dataset.root + far.dataset.progress, {
      headers: { Accept: "application/json" },
    });
    if (answer.status === 401) return location.reload();
    if (answer.ok) show(await answer.json());
  } catch {
    // The network is gone for a moment; what stands on the page was true.
  }
  setTimeout(ask, EVERY_MS);
}

function show(told) {
  // Another state is another page: what is to be done there differs.
  if (told.state !== far.dataset.state) return location.reload();
  if (far.textContent !== told.words) far.textContent = told.words;
  if (bar) {
    bar.max = told.rows || 1;
    bar.value = told.done;
  }
}

if (far?.dataset.progress) ask();
