// Fields that belong to one of several choices show while it is chosen. Without this script they
// stand there all the time, and do no harm.

for (const fields of document.querySelectorAll("[data-chooses]")) {
  const choice = document.getElementById(fields.dataset.chooses);
  const form = choice.form;
  const show = () => {
    fields.hidden = !choice.checked;
  };
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
}

// A second press of a button that sends finds it at rest.
for (const form of document.querySelectorAll("main form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("main form")) delete form.dataset.sent;
});
