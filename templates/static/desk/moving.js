// Items put in another order: by dragging, with Alt and arrows, or with the buttons below them.

import { post } from "./post.js";
import { filled, speak } from "./speak.js";

const words = document.getElementById("composer-words").dataset;

export function beginMoving(list, moved) {
  let dragged = null;
  for (const item of list.children) {
    const handle = item.querySelector("[data-handle]");
    handle.hidden = false;
    handle.addEventListener("pointerdown", () => (item.draggable = true));
    handle.addEventListener("pointerup", () => (item.draggable = false));
    item.addEventListener("dragstart", (event) => {
      if (event.target !== item) return;
      dragged = item;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", titleOf(item));
      item.classList.add("dragged");
    });
    item.addEventListener("dragend", () => {
      item.draggable = false;
      item.classList.remove("dragged");
      if (dragged) save(dragged);
      dragged = null;
    });
    item.addEventListener("keydown", (event) => {
      const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step || event.target.matches("textarea, input, select")) return;
      event.preventDefault();
      move(item, step, document.activeElement);
    });
  }
  list.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const over = event.target.closest("#items > li");
    if (!over || over === dragged) return;
    const middle = over.getBoundingClientRect().top + over.offsetHeight / 2;
    over[event.clientY < middle ? "before" : "after"](dragged);
  });
  list.addEventListener("drop", (event) => dragged && event.preventDefault());
  list.addEventListener("submit", (event) => {
    const step = Number(event.target.querySelector("[data-step]")?.dataset.step);
    if (!step) return;
    event.preventDefault();
    move(event.target.closest("#items > li"), step, document.activeElement);
  });

  function move(item, step, focused) {
    const beside = step < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!beside) return;
    beside[step < 0 ? "before" : "after"](item);
    focused.focus();
    save(item);
  }

  /** Each item has the buttons that lead somewhere; who pressed one that does not any more is led
   *  to the other. */
  function offer() {
    for (const item of list.children) {
      for (const button of item.querySelectorAll("button[data-step]")) {
        const beside = button.dataset.step < 0 ? "previousElementSibling" : "nextElementSibling";
        const focused = button === document.activeElement;
        button.form.hidden = !item[beside];
        if (focused && button.form.hidden) item.querySelector("form:not([hidden]) > [data-step]")?.focus();
      }
    }
  }

  async function save(item) {
    const place = [...list.children].indexOf(item) + 1;
    const said = { title: titleOf(item), place, of: list.children.length };
    speak(filled(words.moved, said));
    offer();
    moved();
    try {
      await post(`${list.dataset.path}${item.dataset.item}/move`, new URLSearchParams({ place }));
    } catch (error) {
      speak(error.message || words.offline);
    }
  }
}

function titleOf(item) {
  return item.querySelector("[data-title]").textContent;
}
