// What a screen reader is told of what happened on the page.

const region = document.createElement("div");
region.className = "visually-hidden";
region.setAttribute("role", "status");
region.setAttribute("aria-live", "polite");
document.body.append(region);

/** Have `words` read out. The same words again are read again. */
export function speak(words) {
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = words;
  });
}

/** `template` with its {names} filled in, as the page's data attributes bring it. */
export function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
