"""`mailer issues`: import, look, check, publish; what sends is in `sending`, what rules over it
in `ruling`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.door import Door, remark, show, show_json, show_table
from mailer.clock import now
from mailer.errors import WrongInput
from mailer.sentence import Sentence

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailer.publication import ImportedListing, Issue

app = typer.Typer(help="Issues: import, look, check, send.", no_args_is_help=True)


def _number(text: str) -> int:
    """A number as people write it: nothing but digits, and no more than a database holds."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise WrongInput(f"{text!r} is no issue's number; write it in digits, like 120.")
    return int(text)


Number = Annotated[
    int, typer.Argument(help="The issue's number, like 120.", parser=_number, metavar="NUMBER")
]
PublicationSlug = Annotated[
    str | None, typer.Option("-p", help="The publication's slug, where there are several.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("import")
def import_issues(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A listing in plain text.")],
    update: Annotated[
        bool, typer.Option("--update", help="Take over what the listing says otherwise.")
    ] = False,
) -> None:
    """Bring in a back catalogue: items, numbers, dates, standing pages."""
    from mailer import publication

    door: Door = context.obj
    with door.database.read() as session:
        titles = [known.title for known in publication.publications(session)]
    listing = publication.read_listing(file, titles)
    with door.database.write() as session:
        done = publication.import_listing(
            session, listing, update=update, now=now(), actor=door.operator
        )
    show(_import_in_words(done))


def _import_in_words(done: "ImportedListing") -> str:
    counts = (
        (done.issues_created, "new issue(s)"),
        (done.items_created, "new item(s)"),
        (done.pages_created, "new page(s)"),
        (done.issues_updated + done.items_updated + done.pages_updated, "changed"),
        (done.unchanged, "unchanged"),
    )
    return ", ".join(f"{count} {words}" for count, words in counts if count) + "."


@app.command("list")
def list_issues(
    context: typer.Context, slug: PublicationSlug = None, as_json: AsJson = False
) -> None:
    """List the issues, newest first."""
    from mailer import delivery, publication

    door: Door = context.obj
    with door.database.read() as session:
        only = publication.find_publication(session, slug).id if slug is not None else None
        issues = publication.list_issues(session, only)
        statuses = delivery.statuses(session, [issue.id for issue in issues])
    found = [
        {
            "publication": issue.publication.slug,
            "number": issue.number,
            "date": issue.date.isoformat(),
            "title": issue.title,
            "status": statuses.get(issue.id, "draft"),
            "public": issue.public,
            "items": issue.items,
        }
        for issue in issues
    ]
    if as_json:
        show_json(found)
    elif not found:
        show("There is no issue yet; `mailer issues import FILE` brings in a back catalogue.")
    else:
        show_table(
            ("issue", "date", "items", "status", "archive"),
            [
                (
                    issue["title"],
                    issue["date"],
                    issue["items"],
                    issue["status"],
                    "public" if issue["public"] else "not public",
                )
                for issue in found
            ],
        )


@app.command("show")
def show_issue(
    context: typer.Context, number: Number, slug: PublicationSlug = None, as_json: AsJson = False
) -> None:
    """Show an issue with its items."""
    from mailer import delivery, publication

    door: Door = context.obj
    with door.database.read() as session:
        issue = find(session, number, slug)
        statuses = delivery.statuses(session, [issue.id])
    status = statuses.get(issue.id, "draft")
    items = [
        {
            "title": item.title,
            "summary": item.summary,
            "slug": item.slug,
            "url": door.config.site.url + publication.item_path(issue, item),
        }
        for item in issue.items
    ]
    if as_json:
        show_json(
            {
                "publication": issue.publication.slug,
                "number": issue.number,
                "date": issue.date.isoformat(),
                "title": issue.title,
                "status": status,
                "public": issue.public,
                "items": items,
            }
        )
        return
    show(f"{issue.title}, {issue.date.isoformat()}: {status}")
    for item in items:
        show()
        show(item["title"])
        show(item["summary"])
        show(item["url"])


@app.command()
def render(
    context: typer.Context,
    number: Number,
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    variant: Annotated[
        str | None, typer.Option(help="Only this variant, like en-html-public.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option(help="The letter as the reader with this address gets it.")
    ] = None,
    slug: PublicationSlug = None,
) -> None:
    """Write the issue's letter, in each of its variants, as HTML, text and .eml."""
    from mailer import delivery

    door: Door = context.obj
    if variant is not None and reader is not None:
        raise WrongInput("--reader chooses the variant; leave --variant out.")
    with door.database.read() as session:
        issue = find(session, number, slug)
        if reader is None:
            variants = delivery.sample_variants(session, door.config, issue, now(), variant)
            who = delivery.NOBODY
        else:
            chosen, who = delivery.sample_reader(session, door.config, issue, reader, now())
            variants = (chosen,)
    for path in delivery.write_sample(door.config, issue, variants, to, now(), who):
        show(str(path))


@app.command()
def check(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    links: Annotated[
        bool, typer.Option("--links", help="Ask for each link to another site whether it is alive.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with the issue's letter, before it is sent."""
    from mailer import delivery, publication

    door: Door = context.obj
    with door.database.read() as session:
        issue = find(session, number, slug)
        earlier = publication.earlier_items(session, issue)
    asked = delivery.outside_links(door.config, issue) if links else ()
    if asked:
        remark(f"Asking for {len(asked)} link(s) …")
    answers = publication.ask_links(asked) if asked else ()
    findings = delivery.check_issue(door.config, issue, earlier, answers)
    if as_json:
        show_json(
            [
                {
                    "check": finding.check,
                    "severity": finding.severity,
                    "place": finding.place,
                    "reason": finding.reason,
                    "remedy": finding.remedy,
                }
                for finding in findings
            ]
        )
    elif not findings:
        show(f"{issue.title} is ready to be sent.")
    else:
        for finding in findings:
            show(f"{finding.severity}: {finding.place}: {finding.reason} {finding.remedy}")
    delivery.require_sendable(findings)


@app.command()
def publish(context: typer.Context, number: Number, slug: PublicationSlug = None) -> None:
    """Show the issue in the public archive."""
    _set_public(context.obj, number, slug, public=True)


@app.command()
def unpublish(context: typer.Context, number: Number, slug: PublicationSlug = None) -> None:
    """Take the issue out of the public archive."""
    _set_public(context.obj, number, slug, public=False)


def _set_public(door: Door, number: int, slug: str | None, *, public: bool) -> None:
    from mailer import audit, publication

    with door.database.write() as session:
        issue = find(session, number, slug)
        publication.set_public(session, issue.id, public=public, now=now())
        words = Sentence("put into the archive" if public else "taken out of the archive")
        audit.record(session, now(), door.operator, f"issue {issue.id}", words)
    show(f"{issue.title} is {'in' if public else 'not in'} the public archive.")


def find(session: "Session", number: int, slug: str | None) -> "Issue":
    from mailer import publication

    return publication.find_issue(session, publication.find_publication(session, slug).id, number)
