"""An issue that nobody wrote, to see what letters of a publication look like."""

from mailer import clock
from mailer.publication import Issue, Item, Publication
from mailer.web.desk.shell import Desk


def sample_issue(desk: Desk, of: Publication) -> Issue:
    """Three items, in the publication's language where the desk speaks it."""
    say = desk.paper.catalogue(of.language).say
    items = (
        _item(
            1,
            say("What a headline looks like"),
            say("A topic"),
            say(
                "This is how a summary reads: a few lines that say what is the matter, and "
                "[a link](https://example.org/) that leads to more."
            ),
        ),
        _item(
            2,
            say("And a second item"),
            "",
            say("Items are parted by space and a hairline. Words may be *slanted* or **heavy**."),
        ),
        _item(
            3,
            say("Something for members"),
            "",
            say("Whoever is no member is told that there is more."),
            members_only=True,
        ),
    )
    title = f"{of.title} 1"
    day = clock.today(desk.config.organisation.zone, desk.now)
    subject = say("What letters look like")
    return Issue(0, of, "issue", 1, day, title, subject, "", of.language, False, 1, items)


def _item(number: int, title: str, topic: str, summary: str, *, members_only: bool = False) -> Item:
    return Item(number, number, f"item-{number}", title, topic, summary, "", "", members_only)
