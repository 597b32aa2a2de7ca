// Recovery codes, to copy or to print: without this script both are done by the browser's own means.

import { speak } from "./speak.js";

const copy = document.getElementById("copy");
const print = document.getElementById("print");
const codes = [...document.querySelectorAll("#codes code")].map((code) => code.textContent);

print.hidden = false;
print.addEventListener("click", () => window.print());

// A page that did not come over https has no clipboard.
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(codes.join("\n"));
    copy.textContent = copy.dataset.copied;
    speak(copy.dataset.copied);
  });
}
