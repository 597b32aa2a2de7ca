"""What a letter costs: compile once for each variant, merge once for each reader.

Run: python bench/letter.py. Beside it, the same letter built anew for each reader with
Jinja2 and the standard library's EmailMessage.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from jinja2 import Environment

from mailer.delivery.themes import ours as read_theme
from mailer.letter import (
    CompiledLetter,
    IssueLetter,
    Letterhead,
    LetterItem,
    Mailbox,
    MergeValues,
    Organisation,
    Variant,
    compile_letter,
)

SITE = "https://updates.example.org"
TOKEN = "AbCdEf0123456789-_" * 3
HEAD = Letterhead(
    Mailbox("Andes Updates", "updates@andes.example"),
    datetime(2026, 3, 31, 9, tzinfo=UTC),
    list_name="Update",
    list_id="updates.updates.example.org",
)
PARAGRAPH = (
    "The river rises in the snow and *feeds* three valleys; those who live there have asked "
    "for a say in how its water is shared, and [the law](https://law.example/water) gives it. "
    "Their council met twice in the spring, and its minutes are open to all who ask. "
)


def an_issue(items: int) -> IssueLetter:
    return IssueLetter(
        publication="Update",
        title="Update 120",
        date=date(2007, 3, 31),
        subject="Update 120: water for everybody",
        preheader="Water, and who shares it.",
        language="en",
        items=tuple(
            LetterItem(
                title=f"The water of valley {number}",
                summary=f"{PARAGRAPH}\n\n{PARAGRAPH}",
                body="",
                url=f"{SITE}/updates/120/valley-{number}/",
            )
            for number in range(items)
        ),
        organisation=Organisation("Andes Society", "1 Example Street\nLondon", SITE),
        archive_url=f"{SITE}/updates/",
    )


def values(number: int) -> MergeValues:
    return MergeValues(
        to_name=f"Reader {number}",
        to_address=f"reader{number}@example.org",
        message_id=f"<{number}.x7@andes.example>",
        fields={
            "greeting": f"Ana and Tom {number}",
            "unsubscribe_url": f"{SITE}/unsubscribe/{TOKEN}{number}",
            "preferences_url": f"{SITE}/preferences/{TOKEN}{number}",
            "letter_url": f"{SITE}/letter/{TOKEN}{number}",
        },
    )


def with_email_message(letter: CompiledLetter) -> Callable[[MergeValues], bytes]:
    """Render two Jinja2 templates and fold one EmailMessage for each reader."""
    names = ("greeting", "unsubscribe_url", "preferences_url", "letter_url")
    marks = {name: f"https://mark.example/{name}" for name in names}
    html, text = letter.parts(MergeValues("", "a@b.example", "<1@b.example>", marks))
    date = format_datetime(HEAD.date)
    sources = [html or "", text]
    for name, mark in marks.items():
        sources = [source.replace(mark, "{{ " + name + " }}") for source in sources]
    html_template, text_template = map(Environment(autoescape=True).from_string, sources)

    def build(reader: MergeValues) -> bytes:
        message = EmailMessage(policy.SMTP)
        message["From"] = "Andes Updates <updates@andes.example>"
        message["To"] = f"{reader.to_name} <{reader.to_address}>"
        message["Subject"] = letter.subject
        message["Date"] = date
        message["Message-ID"] = reader.message_id
        message["List-Id"] = "Update <updates.updates.example.org>"
        message["List-Unsubscribe"] = f"<{reader.fields['unsubscribe_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Content-Language"] = "en"
        message.set_content(text_template.render(reader.fields))
        message.add_alternative(html_template.render(reader.fields), subtype="html")
        return message.as_bytes()

    return build


def microseconds(work: Callable[[MergeValues], bytes], readers: list[MergeValues]) -> float:
    """The best of nine rounds, for each reader: other work on the machine only adds."""
    rounds = []
    for _ in range(9):
        start = time.perf_counter()
        for reader in readers:
            work(reader)
        rounds.append((time.perf_counter() - start) / len(readers) * 1e6)
    return min(rounds)


def main() -> None:
    theme = read_theme("update", "letter")
    issue, variant = an_issue(10), Variant("en", "html", member=False)
    letter = compile_letter(issue, HEAD, variant, theme)  # imports what it needs
    compiling = []
    for _ in range(9):
        start = time.perf_counter()
        letter = compile_letter(issue, HEAD, variant, theme)
        compiling.append((time.perf_counter() - start) * 1e3)
    merging = microseconds(letter.merge, [values(number) for number in range(2000)])
    building = microseconds(with_email_message(letter), [values(number) for number in range(20)])
    print(f"message            {len(letter.merge(values(1))) / 1000:8.1f} KB")
    print(f"compile a variant  {min(compiling):8.1f} ms")
    print(f"merge              {merging:8.1f} µs a message")
    print(f"Jinja2+EmailMessage{building:8.1f} µs a message")
    print(f"ratio              {building / merging:8.0f}")


if __name__ == "__main__":
    main()
