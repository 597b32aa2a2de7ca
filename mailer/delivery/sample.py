"""An issue's letter written to files, as readers of each variant would get it, and a page of all.

Links to a reader's own pages lead to the site's start: nobody in particular reads this, or
somebody does who is not the one that they belong to.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from mailer import audience
from mailer.audience import Recipient
from mailer.clock import today
from mailer.config import Config, resource
from mailer.delivery import compose
from mailer.delivery.variants import usual_variants, variant_for, variants_for
from mailer.errors import Failed, NotFound, Refused
from mailer.letter import CompiledLetter, MergeValues, Variant
from mailer.publication import Issue
from mailer.sentence import Sentence, shown

if TYPE_CHECKING:
    from jinja2 import Template

NOBODY = Recipient(0, "reader@example.org", "", "", "", {}, "example.org")
PHONE, DESKTOP = 375, 680
"""Widths in CSS pixels at which the page of all variants shows each."""


def sample_variants(
    session: Session, config: Config, issue: Issue, now: datetime, key: str | None = None
) -> tuple[Variant, ...]:
    """The usual variants of an issue, and those that its readers as of now would get.

    With `key` that one alone.

    Raises:
        NotFound: none of them has that key.
    """
    day = today(config.organisation.zone, now)
    readers = audience.fan_out(issue.publication.id, day)
    of_readers = variants_for(issue, audience.groups(session, readers))
    known = {one.key: one for one in (*usual_variants(issue), *of_readers)}
    if key is None:
        return tuple(known.values())
    if key not in known:
        raise NotFound(
            Sentence(
                "{issue} has no variant “{key}”; it has {known}.",
                issue=issue.title,
                key=shown(key),
                known=", ".join(known),
            )
        )
    return (known[key],)


def sample_reader(
    session: Session, config: Config, issue: Issue, address: str, now: datetime
) -> tuple[Variant, Recipient]:
    """The variant that the reader with this address would get now, and who they are.

    Raises:
        WrongInput: it is no address, or nobody's.
        Refused: they would get none.
    """
    found = audience.find(session, address)
    day = today(config.organisation.zone, now)
    readers = audience.fan_out(issue.publication.id, day, only=found.id)
    groups = audience.groups(session, readers)
    if not groups:
        raise Refused(
            Sentence(
                "{mailbox} does not read {publication}.",
                mailbox=found.address.address,
                publication=issue.publication.title,
            )
        )
    variant = variant_for(issue, groups[0])
    if variant is None:
        raise Refused(
            Sentence(
                "{issue} has no item for {mailbox}.",
                issue=issue.title,
                mailbox=found.address.address,
            )
        )
    return variant, audience.recipient_by_id(session, found.id)


def write_sample(
    config: Config,
    issue: Issue,
    variants: Sequence[Variant],
    folder: Path,
    now: datetime,
    reader: Recipient = NOBODY,
) -> list[Path]:
    """Write these variants of the issue's letter, merged for `reader`; returns the files.

    Each as .html, .txt and .eml, and `index.html`, which shows them all side by side.

    Raises:
        WrongInput: the issue does not compile.
        Failed: the folder cannot be written.
    """
    compose.require_sendable(compose.check_issue(config, issue))
    values = _values(config, reader)
    letters = compose.compile_issue(config, issue, now, variants)
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for letter in letters:
            html, text = letter.parts(values)
            contents = {".eml": letter.merge(values), ".txt": text.encode()}
            if html is not None:
                contents[".html"] = html.encode()
            for suffix, content in contents.items():
                path = folder / f"{_name(issue, letter)}{suffix}"
                path.write_bytes(content)
                written.append(path)
        index = folder / "index.html"
        index.write_text(_overview(config, issue, letters, values), encoding="utf-8")
    except OSError as error:
        raise Failed(
            Sentence(
                "The letter cannot be written to {folder}: {reason}.",
                folder=folder,
                reason=error.strerror,
            )
        ) from None
    return [*written, index]


def _values(config: Config, reader: Recipient) -> MergeValues:
    here = config.site.url + "/"
    return MergeValues(
        reader.name,
        reader.address,
        f"<sample@{compose.message_id_domain(config)}>",
        {
            **reader.custom_fields,
            "greeting": reader.greeting,
            "name": reader.name,
            **dict.fromkeys(("unsubscribe_url", "preferences_url", "letter_url"), here),
        },
    )


def _name(issue: Issue, letter: CompiledLetter) -> str:
    return f"{issue.publication.slug}-{issue.number or issue.id}-{letter.key}"


def _overview(
    config: Config, issue: Issue, letters: Sequence[CompiledLetter], values: MergeValues
) -> str:
    return _template().render(
        title=issue.title,
        language=config.organisation.language,
        widths=(PHONE, DESKTOP),
        letters=[
            {
                "name": _name(issue, letter),
                "variant": letter.variant,
                "text": letter.parts(values)[1],
                "kilobytes": len(letter.merge(values)) / 1000,
            }
            for letter in letters
        ],
    )


def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resource("templates") / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("variants.html.j2")
