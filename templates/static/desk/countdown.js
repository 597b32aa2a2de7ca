// The last minute before an issue goes out: the seconds, and then the page that shows how it goes.

import { filled, speak } from "./speak.js";

const words = document.getElementById("countdown");
// The machine's clock may be wrong; how long it runs is right.
const endsAt = performance.now() + Number(words.dataset.left) * 1000;
const READ_OUT = new Set([30, 10, 5]);
const AGAIN_MS = 1500;

function tick() {
  const left = Math.ceil((endsAt - performance.now()) / 1000);
  if (left <= 0) {
    words.textContent = words.dataset.now;
    // Where it has not begun yet, that page leads back to this one.
    setTimeout(() => location.replace(words.dataset.then), AGAIN_MS);
    return;
  }
  const template = left === 1 ? words.dataset.one : words.dataset.many;
  words.textContent = filled(template, { left });
  if (READ_OUT.has(left)) speak(words.textContent);
  setTimeout(tick, 250);
}

tick();
