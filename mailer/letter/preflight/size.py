"""What mail programs cut off or drop for its size or its form: Gmail above all."""

import re
from collections.abc import Iterator

from mailer.letter.places import LETTER, theme_place
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.registry import Found, check
from mailer.sentence import Sentence

LONG_HTML, CUT_HTML = 90_000, 102_000
LONG_STYLE = 16_000

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
# Whatever may hold a brace or an @ that opens nothing.
_QUOTED = re.compile(r"""/\*.*?\*/|"[^"]*"|'[^']*'|url\([^)]*\)""", re.DOTALL | re.IGNORECASE)
_STYLE_URL = re.compile(r"""\bstyle\s*=\s*(?:"[^"]*\burl\(|'[^']*\burl\()""", re.IGNORECASE)


@check("html_size")
def _html_size(letter: Examined) -> Iterator[Found]:
    octets = letter.page.octets
    if octets > CUT_HTML:
        reason = (
            "Its HTML part has {size} kB; Gmail shows {most} kB and cuts the rest off, the "
            "footer first."
        )
    elif octets > LONG_HTML:
        reason = "Its HTML part has {size} kB; Gmail cuts off what passes {most} kB."
    else:
        return
    yield (
        "warning",
        LETTER,
        Sentence(reason, size=octets // 1000, most=CUT_HTML // 1000),
        Sentence("Move long texts to the items' pages, or make two issues of it."),
    )


@check("styles")
def _styles(letter: Examined) -> Iterator[Found]:
    place = theme_place(letter.theme.name)
    for css in _STYLE.findall(letter.page.html):
        if len(css.encode()) > LONG_STYLE:
            yield (
                "warning",
                place,
                Sentence(
                    "A <style> of it passes {size} kB, and Gmail drops it.",
                    size=LONG_STYLE // 1000,
                ),
                Sentence("Divide its kept style sheet, or make it shorter."),
            )
        if _nests_at_rules(css):
            yield (
                "warning",
                place,
                Sentence("It has an at-rule inside another, and Gmail drops the whole <style>."),
                Sentence("Write them one after another."),
            )
    if _STYLE_URL.search(letter.page.html):
        yield (
            "warning",
            place,
            Sentence("A style has a url(), and Gmail may drop that style whole."),
            Sentence("Put the picture into the letter, or leave it out."),
        )


def _nests_at_rules(css: str) -> bool:
    depth = 0
    for sign in re.findall("[{}@]", _QUOTED.sub("", css)):
        if sign == "@" and depth:
            return True
        depth = max(0, depth + {"{": 1, "}": -1, "@": 0}[sign])
    return False
