"""What is on a screen and not saved, put over the issue that is stored."""

from datetime import date

from mailer.publication import Issue, Item, Picture, Publication, Typed, TypedItem, with_typed

UPDATES = Publication(1, "updates", "Update", "", "en", "", "", "")
RIVER = Picture("a" * 64, 600, 400, 1000, "A river")
WATER = Item(11, 1, "water", "Water", "Rivers", "Its summary.", "Its body.", "", False, RIVER)
MINES = Item(12, 2, "mines", "Mines", "", "", "", "https://mines.example/", True)
ISSUE = Issue(
    5, UPDATES, "issue", 120, date(2007, 3, 31), "Update 120", "", "", "en", False, 3,
    (WATER, MINES),
)  # fmt: skip


def test_what_was_not_touched_stays() -> None:
    assert with_typed(ISSUE, Typed()) == ISSUE
    assert with_typed(ISSUE, Typed(items=(TypedItem(11), TypedItem(12)))) == ISSUE


def test_fields_of_the_issue() -> None:
    typed = Typed(title="Update 121", date=date(2007, 5, 31), subject="Water", preheader="")
    shown = with_typed(ISSUE, typed)
    assert (shown.title, shown.subject, shown.date) == ("Update 121", "Water", date(2007, 5, 31))
    assert shown.items == ISSUE.items
    assert ISSUE.subject == ""


def test_an_item_that_is_being_written() -> None:
    shown = with_typed(ISSUE, Typed(items=(TypedItem(11, title="", body="More."), TypedItem(12))))
    assert (shown.items[0].title, shown.items[0].body) == ("", "More.")
    assert (shown.items[0].summary, shown.items[0].slug) == ("Its summary.", "water")


def test_items_in_another_order_one_of_them_new_and_one_taken_out() -> None:
    typed = Typed(items=(TypedItem(12), TypedItem(title="Water")))
    shown = with_typed(ISSUE, typed).items
    assert [(item.id, item.position, item.slug) for item in shown] == [
        (12, 1, "mines"),
        (0, 2, "water-2"),
    ]


def test_an_item_that_somebody_else_took_away_is_shown_as_a_new_one() -> None:
    (shown,) = with_typed(ISSUE, Typed(items=(TypedItem(99, title="Gold"),))).items
    assert (shown.id, shown.title, shown.body) == (0, "Gold", "")


def test_pictures() -> None:
    new = Picture("b" * 64, 10, 10, 5)

    def shown(**typed: str) -> Picture | None:
        items = (TypedItem(11, **typed),)  # type: ignore[arg-type]
        return with_typed(ISSUE, Typed(items=items), {new.hash: new}).items[0].picture

    assert shown() == RIVER
    assert shown(picture="") is None
    assert shown(picture="c" * 64) is None
    assert shown(picture=new.hash, picture_alt="A mine") == Picture("b" * 64, 10, 10, 5, "A mine")
    assert shown(picture_alt="The Mantaro") == Picture("a" * 64, 600, 400, 1000, "The Mantaro")
