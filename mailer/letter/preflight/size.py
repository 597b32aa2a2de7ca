"""What mail programs cut off or drop for its size or its form: Gmail above all."""

import re
from collections.abc import Iterator

from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.registry import Found, check

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
        reason = f"Gmail shows {CUT_HTML // 1000} kB and cuts the rest off, the footer first"
    elif octets > LONG_HTML:
        reason = f"Gmail cuts off what passes {CUT_HTML // 1000} kB"
    else:
        return
    yield (
        "warning",
        "the letter",
        f"Its HTML part has {octets // 1000} kB; {reason}.",
        "Move long texts to the items' pages, or make two issues of it.",
    )


@check("styles")
def _styles(letter: Examined) -> Iterator[Found]:
    place = f"theme {letter.theme.name}"
    for css in _STYLE.findall(letter.page.html):
        if len(css.encode()) > LONG_STYLE:
            yield (
                "warning",
                place,
                f"A <style> of it passes {LONG_STYLE // 1000} kB, and Gmail drops it.",
                "Divide its kept style sheet, or make it shorter.",
            )
        if _nests_at_rules(css):
            yield (
                "warning",
                place,
                "It has an at-rule inside another, and Gmail drops the whole <style>.",
                "Write them one after another.",
            )
    if _STYLE_URL.search(letter.page.html):
        yield (
            "warning",
            place,
            "A style has a url(), and Gmail may drop that style whole.",
            "Put the picture into the letter, or leave it out.",
        )


def _nests_at_rules(css: str) -> bool:
    depth = 0
    for sign in re.findall("[{}@]", _QUOTED.sub("", css)):
        if sign == "@" and depth:
            return True
        depth = max(0, depth + {"{": 1, "}": -1, "@": 0}[sign])
    return False
