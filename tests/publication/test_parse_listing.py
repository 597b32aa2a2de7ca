"""Reading a back catalogue: whole, or refused with the line and the reason."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailer
from mailer.errors import WrongInput
from mailer.publication import Listing, parse_listing, read_listing
from mailer.publication.content import slug_from

SAMPLE = (Path(mailer.__file__).parent / "cli/demo/listing.txt").read_text(encoding="utf-8")
TITLES = ("Update",)

ITEM = "• A title\n\n    Update 3. 31 March 2007\n\n    A summary.\n"


def parse(text: str) -> Listing:
    return parse_listing(text, "listing.txt", TITLES)


def test_the_sample_has_its_issues_items_and_pages() -> None:
    listing = parse(SAMPLE)
    assert [(i.publication, i.number, i.date, len(i.items)) for i in listing.issues] == [
        ("Update", 120, date(2007, 3, 31), 3),
        ("Update", 119, date(2007, 1, 31), 4),
        ("Update", 118, date(2006, 11, 30), 2),
        ("Update", 117, date(2006, 9, 30), 1),
    ]
    assert [page.title for page in listing.pages] == [
        "Aims",
        "Historical overview",
        "Human rights",
        "Why join?",
    ]
    for issue in listing.issues:
        for item in issue.items:
            assert f"    {item.summary}\n" in SAMPLE
            assert item.body == ""
            assert SAMPLE.split("\n")[item.line - 1].endswith(f"• {item.title}")


def test_nested_bullets_become_a_list_and_what_follows_a_paragraph() -> None:
    assert parse(SAMPLE).pages[-1].body == (
        "- Hear first what is new in Peru\n"
        "- Understand the questions of poverty, development and human rights there\n"
        "- Help the Peru Support Group to do its work\n"
        "\n"
        "Become a member"
    )


def test_wrapped_lines_join_and_further_paragraphs_are_the_body() -> None:
    text = (
        "• One\n\n   Update 3. 1 May 2007\n   A  summary\n   in two lines.\n\n   More.\n\n   End.\n"
    )
    (issue,) = parse(text).issues
    assert issue.items[0].summary == "A  summary in two lines."
    assert issue.items[0].body == "More.\n\nEnd."


def test_spaces_that_do_not_break_stay_within_and_go_at_the_end() -> None:
    (page,) = parse("• Past\n\n    There are\xa0a few.\xa0\n").pages
    assert page.body == "There are\xa0a few."


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_ends_of_any_system_are_read(ending: str) -> None:
    assert parse(SAMPLE.replace("\n", ending)) == parse(SAMPLE)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        (" \n\n", 1, "empty"),
        ("News\n" + ITEM, 1, "before the first bullet"),
        ("•\n\n  Text.\n", 1, "without a title"),
        ("• Page\n\n    •\n", 3, "bullet without words"),
        (ITEM.replace("March", "Foo"), 3, "“31 Foo 2007” is no date"),
        (ITEM.replace("March", "April"), 3, "“31 April 2007” is no date"),
        (ITEM.replace("March", "march"), 3, "is no date"),
        (ITEM.replace("3.", "3"), 3, "is no issue and date"),
        (ITEM.replace("2007", "20"), 3, "is no issue and date"),
        (ITEM.replace("Update 3. 31 March 2007", "Update"), 3, "is no issue and date"),
        (ITEM.replace("Update 3.", "Update ."), 3, "is no issue and date"),
        (ITEM.replace("Update 3.", "Update no. 3."), 3, "no publication “Update no.”"),
        (ITEM.replace("Update 3.", "Update 0."), 3, "numbered from 1"),
        (ITEM.replace("Update", "Bulletin"), 3, "no publication “Bulletin”"),
        ("• A title\n", 1, "nothing stands below its title"),
        ("• A title\n\n" + ITEM, 1, "nothing stands below its title"),
        ("• A title\n\n    Update 3. 31 March 2007\n", 1, "it has no summary"),
        (ITEM.replace("A summary.", "") + ITEM, 1, "it has no summary"),
        ("• A title\n\n    Update 11", 3, "is no issue and date"),
        ("• A title\n\n    Upd", 3, "in the middle of a sentence"),
        (ITEM.replace("summary.", "summ"), 5, "in the middle of a sentence"),
        ("• Aims\n\n    The group was found", 3, "in the middle of a sentence"),
        (ITEM + ITEM, 6, "stands in line 1 already"),
        ("• Aims\n\n  Text.\n• Aims\n\n  Text.\n", 4, "page “Aims” stands in line 1 already"),
        (ITEM + ITEM.replace("• A", "  • B").replace("31", "30"), 8, "31 March 2007 in line 3"),
        (ITEM + "\n    Update 3. 31 March 2007\n\n    More.\n", 7, "its bullet is missing"),
        (ITEM + "\x00", 6, "control characters"),
        (ITEM.replace("summ", "\x85umm"), 5, "control characters"),
        (ITEM.replace("summ", "\u202eumm"), 5, "control characters"),
        (ITEM.replace("summ", "s\ufffdmm"), 5, "characters that were lost"),
        (ITEM.replace("summary.", "summ") + ITEM.replace("A ", "B "), 5, "middle of a sentence"),
        ("• Aims\n\n  The group was\n\n" + ITEM, 3, "middle of a sentence"),
        (ITEM + "Aims\n\n    Text.\n", 6, "“Aims” stands where a title does"),
        (f"  {ITEM}  Aims\n\n    Text.\n", 6, "“Aims” stands where a title does"),
        (ITEM.replace("Update 3.", "Update3."), 3, "is no issue and date"),
        (ITEM.replace("Update 3.", "UPDATE 3,"), 3, "is no issue and date"),
        (ITEM.replace("Update 3.", "Updat 3,"), 3, "is no issue and date"),
        (ITEM.replace("Update 3. ", ""), 3, "is no issue and date"),
        (ITEM.replace("Update 3.", "3."), 3, "is no issue and date"),
        (ITEM.replace("2007", "0001"), 3, "“31 March 0001” is no date"),
        (ITEM.replace("2007", "9999"), 3, "“31 March 9999” is no date"),
        (ITEM.replace("A title", "A title " * 40), 1, "a title of more than 300 characters"),
    ],
)
def test_damage_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(WrongInput, match=re.escape(reason)) as refused:
        parse(text)
    assert str(refused.value).startswith(f"listing.txt:{line}: ")
    assert str(refused.value).endswith("nothing was imported.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "listing.txt:1: the file is empty"),
        (b"\xe2\x80\xa2 A\n\n  Caf\xe9.\n", "listing.txt:3: this is not UTF-8 text"),
        (bytes(range(256)), "listing.txt:"),
    ],
)
def test_a_file_that_is_no_listing_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "listing.txt"
    file.write_bytes(content)
    with pytest.raises(WrongInput, match=re.escape(reason)):
        read_listing(file, TITLES)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"no file .*absent\.txt"):
        read_listing(tmp_path / "absent.txt", TITLES)
    with pytest.raises(WrongInput, match="is a folder"):
        read_listing(tmp_path, TITLES)
    with pytest.raises(WrongInput, match="cannot be read"):
        read_listing(tmp_path / "a\0b", TITLES)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "listing.txt").write_text(SAMPLE, encoding="utf-8-sig")
    assert read_listing(tmp_path / "listing.txt", TITLES) == parse(SAMPLE)


@given(st.integers(0, len(SAMPLE) - 1))
def test_a_truncated_listing_is_refused_or_is_a_beginning(length: int) -> None:
    try:
        cut = parse(SAMPLE[:length])
    except WrongInput:
        return
    whole = parse(SAMPLE)
    items = [(i.number, i.date, item) for i in cut.issues for item in i.items]
    all_items = [(i.number, i.date, item) for i in whole.issues for item in i.items]
    *ended, last = [*items, *cut.pages]
    for (*place, found), (*expected_place, expected) in zip(items, all_items, strict=False):
        assert place == expected_place
        assert found.title == expected.title
        assert found.summary == expected.summary or found is items[-1][-1]
        assert expected.summary.startswith(found.summary)
    for page, expected_page in zip(cut.pages, whole.pages, strict=False):
        assert page.title == expected_page.title
        assert expected_page.body.startswith(page.body)
        assert page.body == expected_page.body or page is last
    assert not cut.pages or len(items) == len(all_items)
    assert ended or last


@given(st.text(alphabet=st.sampled_from("•Update 0123. Mrchay\n\t\r'"), max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        listing = parse(text)
    except WrongInput:
        return
    assert listing.issues or listing.pages


@given(st.text(), st.sets(st.text(max_size=5), max_size=5))
def test_a_slug_is_plain_short_and_its_own(title: str, taken: set[str]) -> None:
    slug = slug_from(title, taken, "item")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 80
    assert slug not in taken


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Alan García's first government", "alan-garcias-first-government"),
        ("  69 Congresspersons — vote!", "69-congresspersons-vote"),
        ("Перу", "item"),
        ("word " * 30, "-".join(["word"] * 16)),
        ("x" * 90, "x" * 80),
    ],
)
def test_a_slug_comes_from_the_title(title: str, slug: str) -> None:
    assert slug_from(title, (), "item") == slug
    again = slug_from(title, {slug}, "item")
    assert again.endswith("-2")
    assert len(again) <= 80
