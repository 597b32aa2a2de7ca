// An item's picture: chosen, dragged onto the item, or pasted; it is sent at once.

import { post } from "./post.js";
import { speak } from "./speak.js";

const words = document.getElementById("composer-words").dataset;
const html = document.documentElement;

export function beginPicture(form, changed) {
  const box = form.querySelector("[data-picture]");
  const field = form.elements.picture;
  const more = box.querySelector("[data-of-picture]");
  const out = form.elements.no_picture;
  show();
  field.addEventListener("change", () => field.files[0] && send(field.files[0]));
  form.addEventListener("dragover", (event) => {
    if (!hasFile(event.dataTransfer)) return;
    event.preventDefault();
    box.classList.add("over");
  });
  form.addEventListener("dragleave", () => box.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    box.classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    send(file);
  });
  form.addEventListener("paste", (event) => {
    const file = event.clipboardData.files[0];
    // Word puts a picture of the text beside the text.
    if (!file || event.clipboardData.getData("text/html")) return;
    event.preventDefault();
    send(file);
  });
  out.addEventListener("change", () => {
    if (!out.checked) return;
    out.checked = false;
    form.elements.picture_hash.value = "";
    form.elements.picture_alt.value = "";
    form.elements.picture_caption.value = "";
    show();
    done();
  });

  async function send(file) {
    say(words.uploading);
    const body = new FormData();
    body.append("picture", file, "picture");
    try {
      const kept = await post("/desk/pictures/", body);
      form.elements.picture_hash.value = kept.hash;
      say(kept.said);
      show(kept.path);
      done();
      form.elements.picture_alt.focus();
    } catch (error) {
      say(error.message || words.offline, true);
    } finally {
      // It was sent: the form's own button does not send it again.
      field.value = "";
    }
  }

  function show(path) {
    const hash = form.elements.picture_hash.value;
    const thumb = box.querySelector("[data-thumb]");
    if (path) thumb.src = html.dataset.root + path;
    thumb.hidden = !hash;
    more.hidden = !hash;
  }

  function done() {
    changed();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function say(said, wrong = false) {
    let shown = box.querySelector("[data-picture-said]");
    if (!shown) {
      shown = document.createElement("p");
      shown.dataset.pictureSaid = "";
      field.after(shown);
    }
    shown.className = wrong ? "error" : "help";
    shown.textContent = said;
    speak(said);
  }
}

function hasFile(data) {
  return [...data.types].includes("Files");
}
