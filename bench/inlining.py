"""What inlining does to a page: how many look the same afterwards, and what it costs.

Run: python bench/inlining.py. Every theme of the project and every template of
tests/letter/inlining, as Chromium sees them in three modes; beside ours, premailer and
css-inline as they come.
"""

import sys
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mailer.letter import (
    IssueLetter,
    Letterhead,
    LetterItem,
    Mailbox,
    NoteLetter,
    Organisation,
)
from tests.letter.inlining.comparing import (
    Template,
    Way,
    by_css_inline_alone,
    by_premailer_alone,
    chromium_page,
    compare,
    ours,
    ours_with_css_inline,
    table,
    templates,
    themes,
)
from tests.letter.inlining.quarrels import quarrel

SITE = "https://updates.example.org"
HOUSE = Organisation("Andes Society", "1 Example Street\nLondon", SITE)
PARAGRAPH = "The river *feeds* three valleys; [the law](https://law.example/water) says how. "


def an_issue() -> IssueLetter:
    return IssueLetter(
        publication="Update",
        title="Update 120",
        date=date(2007, 3, 31),
        subject="Water for everybody",
        preheader="Water, and who shares it.",
        language="en",
        items=tuple(
            LetterItem(
                f"Valley {number}", f"{PARAGRAPH * 3}\n\n- one\n- two", "", f"{SITE}/{number}/"
            )
            for number in range(15)
        ),
        organisation=HOUSE,
        archive_url=f"{SITE}/updates/",
    )


def a_note() -> NoteLetter:
    return NoteLetter("Confirm", "Confirm", "en", ("Please.",), "Confirm", HOUSE, "You asked.")


def milliseconds(way: Way, found: list[Template]) -> float:
    """The best of five rounds, for each page: other work on the machine only adds."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for template in found:
            with suppress(Exception):  # those of others may raise
                way(template)
        rounds.append((time.perf_counter() - start) / len(found) * 1e3)
    return min(rounds)


def main() -> None:
    head = Letterhead(
        Mailbox("Andes", "updates@andes.example"), datetime(2026, 3, 31, 9, tzinfo=UTC)
    )
    own, written = themes(an_issue(), a_note(), head), templates()
    quarrels = [quarrel(seed) for seed in range(100)]
    ways: dict[str, Way] = {"premailer alone": by_premailer_alone, "ours": ours}
    if find_spec("css_inline"):
        ways["css-inline alone"] = by_css_inline_alone
        ways["ours with css-inline"] = ours_with_css_inline
    with chromium_page() as page:
        for name, found in (("themes", own), ("templates", written), ("quarrels", quarrels)):
            print(f"\n{name}\n{table(compare(page, found, ways))}")
    print(f"\n{'milliseconds for each':<32}{'templates':>12}{'themes':>12}")
    for name, way in ways.items():
        print(f"{name:<32}{milliseconds(way, written):>12.2f}{milliseconds(way, own):>12.2f}")


if __name__ == "__main__":
    main()
