"""Letters of every kind that a theme serves, and pictures to go with them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from mailer.letter import (
    IssueLetter,
    Letterhead,
    LetterItem,
    Mailbox,
    MergeValues,
    NoteLetter,
    Organisation,
    Picture,
    Theme,
    Variant,
    compile_letter,
)
from tests.letter.conftest import SHELF, SITE, read_theme

THEMES = sorted(path.parent.name for path in SHELF.glob("*/letter.html.j2"))

ORGANISATION = Organisation(
    "Peru Support Group",
    "1 Example Street\nLondon N1 1AA",
    SITE,
    footer="Registered charity 1234567\nSolidarity with Peru since 1983",
)
HEAD = Letterhead(Mailbox("PSG", "updates@psg.example"), datetime(2007, 3, 31, 9, tzinfo=UTC))
READER = MergeValues(
    "Ana Flores",
    "ana@example.org",
    "<1.x@psg.example>",
    {
        "greeting": "Ana and Tom",
        **{
            name: f"{SITE}/{name}/{'AbCdEf0123456789-_' * 3}"
            for name in ("unsubscribe_url", "preferences_url", "letter_url", "action_url")
        },
    },
)
TITLES = (
    "Government signs a pact on water",
    "Mining: what the new consultation law leaves open",
    "A colleague in Cusco",
    "Elections in the regions, and why turnout fell where roads are worst",
    "Reparations reach Ayacucho",
    "Lima conference: places are left",
    "Coffee growers look for a fair price",
    "The truth commission, four years on",
    "Books: three histories of the Andes",
    "The accounts for members",
)
SUMMARY = (
    "Ministers, mayors and the heads of nine river basins *signed* a [pact on water]"
    "(https://pact.example/text) in Lima on Tuesday. It promises every household fifty litres "
    "a day by 2012, and says who pays for it.\n\nWe ask what became of the last such promise."
)
BODY = (
    "### What came in\n\n| Source | 2006 | 2007 |\n|---|--:|--:|\n| Subscriptions | 12,400 "
    "| 13,150 |\n| Donations | 8,020 | 9,975 |\n\n- Rent is the same.\n- Printing costs *less*.\n\n"
    "> Nobody has ever asked to see the receipts.\n\n```\nIBAN GB00 EXAM PLE0 0000\n```"
)


def picture(name: str, width: int = 1200, height: int = 800, caption: str = "") -> Picture:
    alt = "Women carry water up a hillside above Lima"
    return Picture(f"{SITE}/pictures/{name}", width, height, alt, caption, 90_000)


def item(number: int, *, pictures: bool = True, members_only: bool = False) -> LetterItem:
    shown = {
        0: picture("wide", caption="Carrying water in San Juan de Lurigancho. Photo: A. Flores"),
        3: picture("tall", 600, 800),
        6: picture("small", 200, 120),
    }
    return LetterItem(
        TITLES[number],
        SUMMARY,
        BODY if members_only else "",
        f"{SITE}/updates/120/{number}/",
        ("Water", "", "People", "Politics")[number % 4],
        members_only,
        shown.get(number) if pictures else None,
    )


def issue(*items: LetterItem, **changes: object) -> IssueLetter:
    letter = IssueLetter(
        publication="Update",
        title="Update 120",
        date=date(2007, 3, 31),
        subject="Update 120: a pact on water",
        preheader="A pact on water, elections in the regions, and a colleague in Cusco.",
        language="en",
        items=items,
        organisation=ORGANISATION,
        archive_url=f"{SITE}/updates/120/",
        join_url=f"{SITE}/pages/why-join/",
    )
    return replace(letter, **changes)  # type: ignore[arg-type]


NOTE = NoteLetter(
    "Please confirm",
    "Confirm your subscription to Update",
    "en",
    ("Somebody, we hope you, asked for **Update** here.", "If it was not you, do nothing."),
    "Confirm my subscription",
    ORGANISATION,
    "You get this because your address was entered on our site.",
)
LETTERS: dict[str, IssueLetter | NoteLetter] = {
    "one item": issue(item(0), item(9, members_only=True)),
    "ten items": issue(*(item(n, members_only=n == 9) for n in range(10))),
    "announcement": issue(
        item(5, pictures=False),
        item(9, members_only=True),
        title="Annual general meeting on 12 May: come and vote",
    ),
    "note": NOTE,
}


@cache
def theme_of(name: str, file: str) -> Theme:
    return read_theme(file, name)


def html_of(
    name: str, content: IssueLetter | NoteLetter, *, member: bool = False, language: str = "en"
) -> str:
    """The HTML part that Ana gets, in the theme `name`."""
    file = "note.html.j2" if isinstance(content, NoteLetter) else "letter.html.j2"
    variant = Variant(language, "html", member)
    html, _ = compile_letter(content, HEAD, variant, theme_of(name, file)).parts(READER)
    assert html is not None
    return html
