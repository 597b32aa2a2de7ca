// A letter in a frame: on a phone, on a desktop, or as text.

const DESKTOP = 680;

export class Letter {
  /** In `paper`, an element with a frame (`data-frame`) and a place for text (`data-text`). */
  constructor(paper) {
    this.paper = paper;
    this.frame = paper.querySelector("[data-frame]");
    this.text = paper.querySelector("[data-text]");
    this.waits = null;
    this.frame.addEventListener("load", () => this.#came());
    if (this.#isThere()) this.#listen();
    addEventListener("resize", () => this.#fit());
    this.#fit();
  }

  /** Show `letter`, with `html` (null where there is text alone) and `text`, on a `width`. */
  show(letter, width) {
    this.paper.className = `paper-frame ${width}`;
    this.frame.hidden = width === "text" || letter.html === null;
    this.text.hidden = !this.frame.hidden;
    this.text.textContent = letter.text;
    if (letter.html !== null) this.#write(letter.html);
    this.#fit();
  }

  /** Put the letter into the frame's own document, which has the letter's policy and no script.
   *  Nothing is loaded anew, so that nothing flickers, and who has scrolled stays there. */
  #write(html) {
    if (!this.#isThere()) {
      this.waits = html;
      return;
    }
    const [page, view] = [this.frame.contentDocument, this.frame.contentWindow];
    const [left, top] = [view.scrollX, view.scrollY];
    page.documentElement.innerHTML = html;
    for (const name of ["lang", "dir"]) {
      const found = new RegExp(`<html\\b[^>]*\\b${name}="([^"]*)"`, "i").exec(html);
      if (found) page.documentElement.setAttribute(name, found[1]);
    }
    view.scrollTo(left, top);
  }

  /** Whether the frame has its own document. The one before it has the policy of the page around
   *  it, under which a letter has no styles, and is gone when that comes. */
  #isThere() {
    const page = this.frame.contentDocument;
    return page?.readyState === "complete" && page.URL !== "about:blank";
  }

  #came() {
    const html = this.waits;
    this.waits = null;
    if (html !== null) this.#write(html);
    this.#listen();
  }

  /** A script of ours listens in the frame; the letter itself can run none. */
  #listen() {
    const page = this.frame.contentDocument;
    page?.addEventListener("click", (event) => {
      const href = event.target.closest?.("a[href]")?.getAttribute("href") ?? "";
      if (!href.startsWith("#")) return;
      event.preventDefault();
      page.getElementById(href.slice(1))?.scrollIntoView();
    });
  }

  /** A desktop's letter is wider than the panel: it is shown smaller, not cut off. */
  #fit() {
    const wide = this.paper.classList.contains("desktop");
    const scale = wide ? Math.min(1, this.paper.clientWidth / DESKTOP) : 1;
    this.frame.style.transform = scale < 1 ? `scale(${scale})` : "";
    this.frame.style.height = scale < 1 ? `${this.paper.clientHeight / scale}px` : "";
  }
}
