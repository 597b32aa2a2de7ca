"""Every theme in clothes, without, and in real Chromium: light and dark, on a phone and a desk."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import IssueLetter, contrast
from mailer.letter.dress import DARK_INK, DARK_PAPERS, INK, PAPERS, dressed, legible
from tests.browser import chromium as running
from tests.browser import serious_faults
from tests.letter.gallery import (
    LETTERS,
    NOTE,
    ORGANISATION,
    READER,
    SITE,
    THEMES,
    html_of,
    issue,
    item,
    picture,
)

EMPTIED = """
document.querySelectorAll('style').forEach(e => e.remove());
document.querySelectorAll('[style]').forEach(e => e.removeAttribute('style'));
"""

ten_items = LETTERS["ten items"]
assert isinstance(ten_items, IssueLetter)
each_theme = pytest.mark.parametrize("theme", THEMES)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running() as browser:
        yield browser


def shown(browser: Any, html: str, *, scheme: str = "light", width: int = 320) -> Any:
    """A page with the letter, its pictures drawn, and nothing else loaded."""
    from PIL import Image

    def answer(route: Any) -> None:
        assert route.request.url.startswith(f"{SITE}/pictures/")
        file = BytesIO()
        Image.new("RGB", (1200, 800), "#5A826E").save(file, "PNG")
        route.fulfill(body=file.getvalue(), content_type="image/png")

    page = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    ).new_page()
    page.route("**/*", answer)
    page.set_content(html)
    page.wait_for_load_state("load")
    return page


def test_there_are_two_themes() -> None:
    assert THEMES == ["bulletin", "update"]


@pytest.mark.parametrize(
    ("theme", "scheme"),
    [
        ("update", "dark"),
        ("bulletin", "light"),
        pytest.param("update", "light", marks=pytest.mark.long),
        pytest.param("bulletin", "dark", marks=pytest.mark.long),
    ],
)
def test_no_serious_fault_and_nothing_too_wide(chromium: Any, theme: str, scheme: str) -> None:
    faults = []
    for name, content in LETTERS.items():
        for member in (False,) if content is NOTE else (False, True):
            page = shown(chromium, html_of(theme, content, member=member), scheme=scheme)
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                place = f"{name} for {'members' if member else 'all'} at {width}"
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    faults.append(f"{place}: {wide} px wide")
                faults += [f"{place}: {fault}" for fault in serious_faults(page)]
            page.context.close()
    assert faults == []


@each_theme
def test_every_colour_is_another_in_the_dark(chromium: Any, theme: str) -> None:
    colours = """[...document.body.querySelectorAll('*'), document.body].flatMap(e => {
        const s = getComputedStyle(e);
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        return [own ? s.color : '', s.backgroundColor].filter(c => c && c !== 'rgba(0, 0, 0, 0)');
    })"""
    seen = {}
    for scheme in ("light", "dark"):
        seen[scheme] = set()
        for content in (ten_items, NOTE):
            page = shown(chromium, html_of(theme, content, member=True), scheme=scheme)
            seen[scheme] |= set(page.evaluate(colours))
            page.context.close()
    assert len(seen["dark"]) > 3
    # Black on white buttons turn white on black; all else is of one scheme alone.
    assert seen["light"] & seen["dark"] <= {"rgb(255, 255, 255)", "rgb(22, 20, 18)"}


@each_theme
def test_without_any_style_it_can_still_be_read(chromium: Any, theme: str) -> None:
    page = shown(chromium, html_of(theme, ten_items), width=320)
    page.evaluate(EMPTIED)
    text = page.evaluate("document.body.innerText")
    places = [text.index(words) for words in ("Update 120", "31 March 2007", "Dear Ana and Tom,")]
    places += [text.rindex(shown.title) for shown in ten_items.items[:9]]
    places += [text.index(words) for words in ("for members", "because you subscribe", "London")]
    assert places == sorted(places)
    heads = page.evaluate("[...document.querySelectorAll('h1,h2')].map(e => e.innerText)")
    assert heads == [
        "Update 120",
        "In this letter",
        *(shown.title for shown in ten_items.items[:9]),
    ]
    assert page.evaluate("document.querySelectorAll('ol li, ul li').length") == 9 + 4
    page.context.close()


@each_theme
def test_a_long_letter_begins_with_its_contents(chromium: Any, theme: str) -> None:
    page = shown(chromium, html_of(theme, ten_items, member=True), width=600)
    links = page.locator("ol a")
    assert links.count() == 10
    for number in range(10):
        target = page.locator(links.nth(number).get_attribute("href"))
        assert target.inner_text() == links.nth(number).inner_text()
        assert target.get_attribute("name") == target.get_attribute("id")
    page.context.close()
    assert "In this letter" not in html_of(theme, issue(*(item(n) for n in range(4))))
    assert "In this letter" in html_of(theme, issue(*(item(n) for n in range(5))))


@each_theme
def test_pictures_keep_to_the_column_and_to_their_shape(chromium: Any, theme: str) -> None:
    html = html_of(theme, ten_items)
    for tag in re.findall("<img [^>]*>", html):
        assert re.search(' width="[1-9][0-9]*"', tag)
        assert re.search(' height="[1-9][0-9]*"', tag)
        assert 'alt="Women carry water' in tag
    assert 'width="560" height="373"' in html  # Outlook on Windows knows these alone
    assert 'width="200" height="120"' in html  # a small one is not blown up
    assert "Photo: A. Flores" in html
    for width in (320, 1280):
        page = shown(chromium, html, width=width)
        first = page.locator("img").first.bounding_box()
        assert first["width"] == min(width, 600) - 40
        assert first["height"] == pytest.approx(first["width"] * 2 / 3, abs=1)
        page.context.close()


@each_theme
def test_a_picture_that_no_mail_program_could_show_is_left_out(theme: str) -> None:
    for bad in (replace(picture("x"), url="/pictures/x"), picture("x", 0, 10)):
        assert "<img" not in html_of(theme, issue(replace(item(0), picture=bad)))


@each_theme
@pytest.mark.parametrize("content", [*LETTERS.values()], ids=[*LETTERS])
def test_outlook_gets_a_column_and_tables_are_for_layout(theme: str, content: Any) -> None:
    html = html_of(theme, content, member=True)
    assert re.search(r'<!--\[if mso\]><table role="presentation"[^>]* width="600"', html)
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 3
    told = re.sub(r'(?s)<div class="words".*?</div>', "", html)
    tables = re.findall("<table[^>]*>", told)
    assert tables
    assert all('role="presentation"' in table for table in tables)


@each_theme
def test_ten_items_are_far_from_where_gmail_cuts(theme: str) -> None:
    html = html_of(theme, ten_items, member=True).encode()
    (style,) = re.findall(rb"(?s)<style[^>]*>(.*?)</style>", html)
    assert len(html) < 90_000
    assert len(style) < 16_000
    assert b"url(" not in html


@each_theme
def test_an_issue_of_a_hundred_items_is_no_trouble(theme: str) -> None:
    html = html_of(theme, issue(*(item(n % 10) for n in range(100))))
    assert html.count("<h2") == 101


@each_theme
def test_an_arabic_letter_runs_from_right_to_left(chromium: Any, theme: str) -> None:
    words = "وقّعت الحكومة ميثاقًا بشأن المياه في ليما."
    arabic = replace(item(0), title="ميثاق المياه", summary=f"{words}\n\n> {words}")
    html = html_of(theme, issue(arabic, language="ar", title="نشرة"), language="ar")
    assert '<html lang="ar" dir="rtl">' in html
    page = shown(chromium, html, width=600)
    box = page.evaluate("""(() => {
        const range = document.createRange();
        range.selectNodeContents(document.querySelector('h2'));
        const text = range.getBoundingClientRect(), quote = document.querySelector('blockquote');
        const style = getComputedStyle(quote);
        return [text.left, text.right, style.borderLeftWidth, style.borderRightWidth];
    })()""")
    assert box[1] == 580  # at the right edge of the column
    assert box[2:] == ["0px", "3px"]
    page.context.close()
    mixed = html_of(theme, issue(arabic, language="ar", title="نشرة"))
    assert '<html lang="en" dir="ltr">' in mixed
    assert '<div lang="ar" dir="rtl">' in mixed


@each_theme
def test_the_foot_says_who_why_and_how_to_leave(theme: str) -> None:
    html = html_of(theme, ten_items)
    for name in ("unsubscribe_url", "preferences_url", "letter_url"):
        assert f'href="{READER.fields[name]}"' in html
    assert f'href="{SITE}/updates/120/"' in html
    assert "Registered charity 1234567<br>Solidarity with Peru since 1983" in html
    assert "Peru Support Group<br>1 Example Street<br>London N1 1AA" in html
    assert "action_url" not in html_of(theme, NOTE).replace(READER.fields["action_url"], "")


@each_theme
def test_who_is_no_member_may_become_one(theme: str) -> None:
    html = html_of(theme, ten_items)
    assert "one more item, for members" in html
    assert re.search(rf'<a [^>]*href="{SITE}/pages/why-join/"[^>]*>Join ', html)
    assert "Join " not in html_of(theme, ten_items, member=True)
    assert "Join " not in html_of(theme, replace(ten_items, join_url=None))


@each_theme
def test_a_logo_stands_for_the_name(theme: str) -> None:
    logo = replace(picture("logo", 600, 120), alt="Peru Support Group")
    own = replace(ORGANISATION, logo=logo)
    html = html_of(theme, issue(item(1), organisation=own))
    assert re.search(r'<img [^>]*alt="Peru Support Group"[^>]* width="280" height="56"', html)
    assert "<img" in html_of(theme, replace(NOTE, organisation=own))


@each_theme
def test_fonts_and_colours_are_the_organisations(theme: str) -> None:
    own = replace(ORGANISATION, accent="#7A1F1F", heading_font="sans", text_font="serif")
    html = html_of(theme, issue(item(1), organisation=own))
    assert re.search(r"<h1 [^>]*font-family:[^;]*Segoe UI", html)
    assert re.search(r'<div class="paper sheet[^>]*font-family:Georgia', html)
    assert "#7A1F1F" in html
    assert "var(" not in html


@given(st.from_regex("#[0-9A-Fa-f]{6}", fullmatch=True))
def test_any_accent_can_be_read_wherever_a_theme_puts_it(colour: str) -> None:
    for papers, ink in ((PAPERS, INK), (DARK_PAPERS, DARK_INK)):
        made = legible(colour, papers, ink)
        for paper in (*papers, made.tint):
            assert contrast(made.colour, paper) >= 4.5
        assert contrast(made.on, made.colour) >= 4.5
        assert contrast(ink, made.tint) >= 4.5


def test_a_readable_accent_stays_as_it_is() -> None:
    assert legible("#1F4E79", PAPERS, INK).colour == "#1F4E79"
    assert legible("#9CC3E8", DARK_PAPERS, DARK_INK).colour == "#9CC3E8"


def test_a_sheet_that_asks_for_what_is_not_there_is_refused() -> None:
    with pytest.raises(WrongInput, match=r"“ours”: its style sheet asks for var\(--acent\)"):
        dressed("p { color: var(--acent); }", ORGANISATION, "ours")
