"""English on a page that ought to be in another language."""

from functools import lru_cache
from typing import Any

from mailer.config import resource
from mailer.sentence import Recogniser
from mailer.web.catalogue import read_texts

_TEXTS = """() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    if (!node.parentElement.closest("script, style, textarea, [lang]:not(html)")) {
      found.add(node.textContent);
    }
  }
  for (const one of document.querySelectorAll("*")) {
    for (const name of ["aria-label", "title", "alt", "placeholder"]) {
      found.add(one.getAttribute(name) ?? "");
    }
  }
  return [...found].map((said) => said.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


def english_on(page: Any, language: str) -> list[str]:
    """What the page says in English: texts of the desk that have a translation."""
    known, spoken = _english_beside(language)
    return [one for one in page.evaluate(_TEXTS) if one not in spoken and known(one) is not None]


@lru_cache(maxsize=1)
def _english_beside(language: str) -> tuple[Recogniser, frozenset[str]]:
    texts = read_texts(resource("templates") / "catalogues" / language)
    whole = {english: said for english, said in texts.single.items() if english != said}
    for forms, said in texts.plural.items():
        whole |= {english: said[0] for english in forms if english not in said}
    return Recogniser(whole), frozenset(texts.single.values())
