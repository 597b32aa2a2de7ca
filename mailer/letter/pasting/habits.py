"""How those who fill clipboards write what they mean: Word, Google, mail programs, browsers."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mailer.letter.markdown import LINK_SCHEMES

SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*:", re.IGNORECASE)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Nothing of these is words that somebody meant to paste.
UNSEEN = frozenset(
    {
        *("audio", "button", "canvas", "datalist", "embed", "frameset", "head", "iframe"),
        *("input", "map", "math", "nav", "noframes", "noscript", "object", "script"),
        *("select", "style", "svg", "template", "textarea", "title", "video", "xml"),
    }
)

_LEVEL_OF_LIST = re.compile(r"\blevel(\d)")
_WORD_HEADING = re.compile(r"\bMso(?:Heading|Title)(\d?)", re.IGNORECASE)
_NUMBERED = re.compile(r"[\s(]*(?:(\d{1,9})|[a-z]{1,6})[.):]", re.IGNORECASE)


def styles_of(element: Any) -> dict[str, str]:
    """The style attribute of an element, names and values in lower case."""
    styles = {}
    for declaration in (element.get("style") or "").lower().split(";"):
        name, _, value = declaration.partition(":")
        styles[name.strip()] = value.strip()
    return styles


def hidden(element: Any, styles: Mapping[str, str]) -> bool:
    """Whether nobody sees this element where it was copied."""
    return (
        element.tag in UNSEEN
        or element.get("hidden") is not None
        or styles.get("display", "").startswith("none")
        or styles.get("mso-hide") == "all"
        or styles.get("mso-list") == "ignore"
        or "MsoCommentReference" in (element.get("class") or "")
    )


def bold(styles: Mapping[str, str]) -> bool | None:
    """Whether styles make words bold or not; None where they say nothing of it."""
    weight = styles.get("font-weight", "").partition("!")[0].strip()
    if weight.isascii() and weight.isdigit():
        return len(weight) > 3 or weight >= "600"
    return {"bold": True, "bolder": True, "normal": False, "lighter": False}.get(weight)


def italic(styles: Mapping[str, str]) -> bool | None:
    """Whether styles make words italic or not; None where they say nothing of it."""
    return {"italic": True, "oblique": True, "normal": False}.get(
        styles.get("font-style", "").partition("!")[0].strip()
    )


def heading_level(element: Any, styles: Mapping[str, str]) -> int:
    """The level of a heading, or 0: by tag, by role, or by what Word calls the paragraph."""
    if level := HEADINGS.get(element.tag):
        return level
    if element.get("role") == "heading":
        level_said = element.get("aria-level") or ""
    elif element.tag == "p" and "mso-list" not in styles:
        level_said = styles.get("mso-outline-level", "")
        if named := _WORD_HEADING.search(element.get("class") or ""):
            level_said = level_said or named[1] or "1"
    else:
        return 0
    return min(6, int(level_said)) if level_said in tuple("123456789") else 0


def word_list(element: Any, styles: Mapping[str, str]) -> tuple[int, int | None] | None:
    """Of a paragraph that Word means as an entry: its level, and its number where it has one."""
    if element.tag != "p" or not (level := _LEVEL_OF_LIST.search(styles.get("mso-list", ""))):
        return None
    for inner in element.iter("span"):
        if styles_of(inner).get("mso-list") == "ignore":
            mark = _NUMBERED.match("".join(inner.itertext()))
            return int(level[1]), int(mark[1] or 1) if mark else None
    return int(level[1]), None


def quotes(element: Any, styles: Mapping[str, str]) -> bool:
    """Whether an element quotes: mail programs also indent by quotation, and quote by a border."""
    if element.tag == "blockquote":
        return styles.get("border", "") not in ("none", "none none none none")
    return element.tag == "div" and "solid" in styles.get("border-left", "")


def begins_quoted_message(element: Any, styles: Mapping[str, str]) -> bool:
    """Whether the message that Outlook answers begins here, and goes on to the end."""
    return element.tag == "div" and (
        element.get("id") in ("divRplyFwdMsg", "x_divRplyFwdMsg")
        or ("solid" in styles.get("border-top", "") and styles.get("padding", "")[:6] == "3.0pt ")
    )


def tracking_pixel(element: Any) -> bool:
    """Whether a picture is there to be loaded, not to be seen."""
    return {element.get("width"), element.get("height")} & {"0", "1", "0px", "1px"} != set()


def link_target(href: str) -> str | None:
    """Where a link leads, without Google's detour; None where a letter may not lead there."""
    url = "".join(href.split("\n")).strip()
    try:
        parts = urlsplit(url)
        if parts.hostname in ("www.google.com", "google.com") and parts.path == "/url":
            query = parse_qs(parts.query)
            url = (query.get("q") or query.get("url") or [url])[0].strip()
    except ValueError:
        return None
    # Browsers look past spaces and control characters within a scheme; so must who refuses one.
    scheme = SCHEME.match(re.sub(r"[\x00-\x20\x7f-\xa0]", "", url))
    if not url or url.startswith("#") or (scheme and scheme[0][:-1].lower() not in LINK_SCHEMES):
        return None
    return url
