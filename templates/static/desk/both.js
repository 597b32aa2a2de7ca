// Two people saved the same: both texts, as the desk shows them, in a dialog over the page.

const words = document.getElementById("composer-words")?.dataset ?? {};

/** `posts` is called before the chosen text is posted, `leaves` when it is given up. */
export function showBoth(answer, form, posts, leaves) {
  document.getElementById("both")?.remove();
  const dialog = document.createElement("dialog");
  dialog.id = "both";
  dialog.className = "card";
  const made = document.createElement("template");
  made.innerHTML = answer.html;
  dialog.append(made.content);
  dialog.setAttribute("aria-label", answer.said);
  const later = document.createElement("button");
  later.type = "button";
  later.className = "second";
  later.textContent = words.later;
  later.addEventListener("click", () => dialog.close());
  dialog.querySelector(".actions").append(later);
  dialog.querySelector("form").addEventListener("submit", () => posts());
  dialog.querySelector("[data-leave]").addEventListener("click", () => leaves());
  dialog.addEventListener("close", () => offerAgain(dialog, form));
  document.body.append(dialog);
  dialog.showModal();
}

/** Whoever decides later finds the way back to it above the form. */
function offerAgain(dialog, form) {
  form.querySelector("[data-decide]")?.remove();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "second";
  button.dataset.decide = "";
  button.textContent = words.decide;
  button.addEventListener("click", () => dialog.showModal());
  form.prepend(button);
}
