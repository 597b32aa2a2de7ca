"""Computed styles of every element, before inlining and after, as Chromium sees them.

All documents go into one frame, one after the other, which is the quickest: a frame has a width
of its own, and the page's colour scheme.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mailer.delivery.themes import ours as read_theme
from mailer.letter import IssueLetter, Letterhead, NoteLetter, Variant, compile_letter
from mailer.letter.inlining import inline
from tests.browser import chromium

TEMPLATES = Path(__file__).parent
SHELVES = Path(__file__).parents[3] / "templates" / "letters"

# A mode's name → width, height, colour scheme.
MODES = {
    "desktop": (800, 900, "light"),
    "mobile": (375, 667, "light"),
    "dark": (800, 900, "dark"),
}

_COMPARE = """([documents, width, height]) => {
    const skip = new Set(["HEAD", "STYLE", "SCRIPT", "TITLE", "META", "LINK", "BASE"]);
    const names = [...getComputedStyle(document.body)];
    const frame = document.querySelector("iframe");
    frame.style.cssText = `border: 0; width: ${width}px; height: ${height}px`;
    const read = (source) => {
        const inside = frame.contentDocument;
        inside.open();
        inside.write(source);
        inside.close();
        const seen = [];
        for (const element of inside.querySelectorAll("*")) {
            if (skip.has(element.tagName) || element.closest("head")) continue;
            const style = frame.contentWindow.getComputedStyle(element);
            seen.push([element.tagName + "." + element.className,
                       names.map((name) => style.getPropertyValue(name))]);
        }
        return seen;
    };
    return documents.map(([before, ...after]) => {
        const was = read(before);
        return after.map((source) => {
            const is = read(source);
            if (is.length !== was.length)
                return [`${was.length} elements have become ${is.length}`];
            const differences = [];
            was.forEach(([name, values], at) => {
                if (is[at][0] !== name) differences.push(`${name} has become ${is[at][0]}`);
                values.forEach((value, which) => {
                    if (is[at][1][which] !== value)
                        differences.push(
                            `${at} ${name} ${names[which]}: ${value} -> ${is[at][1][which]}`);
                });
            });
            return differences;
        });
    });
}"""


@dataclass(frozen=True, slots=True)
class Template:
    """A page, and a theme's two style sheets beside it."""

    name: str
    page: str
    css: str = ""
    kept: str = ""

    @property
    def before(self) -> str:
        """The page with everything in style elements."""
        sheets = "".join(f"<style>{css}</style>" for css in (self.css, self.kept) if css)
        return self.page.replace("</head>", f"{sheets}</head>", 1)


def templates() -> list[Template]:
    return [
        Template(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(TEMPLATES.glob("*.html"))
    ]


def themes(issue: IssueLetter, note: NoteLetter, head: Letterhead) -> list[Template]:
    """Every theme of the project, filled in, as it comes to be inlined."""
    found: list[Template] = []
    names = sorted(path.parent.name for path in SHELVES.glob("*/letter.html.j2"))
    for name, (content, source) in product(names, ((issue, "letter"), (note, "note"))):
        with patch("mailer.letter.html_part.inline", side_effect=inline) as given:
            variant = Variant("en", "html", member=True)
            compile_letter(content, head, variant, read_theme(name, source))
        page, css, kept, *_ = given.call_args.args
        found.append(Template(f"{name}: {source}", page, css, kept))
    return found


def by_premailer_alone(template: Template) -> str:
    """premailer as it comes."""
    from premailer import transform

    return str(transform(template.before))


def by_css_inline_alone(template: Template) -> str:
    """css-inline as it comes."""
    import css_inline

    return css_inline.inline(template.before)


def ours(template: Template) -> str:
    return inline(template.page, template.css, template.kept)


def ours_with_css_inline(template: Template) -> str:
    return inline(template.page, template.css, template.kept, "css-inline")


Way = Callable[[Template], str]
Differences = Mapping[str, list[str]]  # of each template by its name


@contextmanager
def chromium_page() -> Iterator[Any]:
    """An empty page in Debian's Chromium, which loads nothing."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1000, "height": 1000}, offline=True)
        page = context.new_page()
        page.set_content("<!DOCTYPE html><title>A frame</title><body><iframe></iframe></body>")
        yield page


def compare(
    page: Any, found: list[Template], ways: Mapping[str, Way]
) -> dict[str, dict[str, Differences]]:
    """By mode and way: what each template's elements no longer look like."""
    documents = []
    for template in found:
        after = []
        for way in ways.values():
            try:
                after.append(way(template))
            except Exception as error:  # noqa: BLE001 - a figure for those of others
                after.append(f"<p>{error}")
        documents.append([template.before, *after])
    figures: dict[str, dict[str, Differences]] = {}
    for mode, (width, height, scheme) in MODES.items():
        page.emulate_media(color_scheme=scheme)
        answers = page.evaluate(_COMPARE, [documents, width, height])
        figures[mode] = {
            way: {
                template.name: answer[at] for template, answer in zip(found, answers, strict=True)
            }
            for at, way in enumerate(ways)
        }
    return figures


def table(figures: Mapping[str, Mapping[str, Differences]]) -> str:
    """How many templates look the same, by way and mode."""
    lines = [f"{'exactly the same styles':<32}" + "".join(f"{mode:>12}" for mode in figures)]
    for way in next(iter(figures.values())):
        counts = [modes[way] for modes in figures.values()]
        lines.append(
            f"{way:<32}"
            + "".join(
                f"{sum(not one for one in count.values()):>5} of {len(count):>3}"
                for count in counts
            )
        )
    return "\n".join(lines)
