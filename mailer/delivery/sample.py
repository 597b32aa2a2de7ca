"""An issue's letter written to files, as any reader would get it."""

from datetime import datetime
from pathlib import Path

from mailer.config import Config
from mailer.delivery import compose
from mailer.delivery.variants import usual_variants
from mailer.errors import Failed
from mailer.letter import MergeValues
from mailer.publication import Issue


def write_sample(config: Config, issue: Issue, folder: Path, now: datetime) -> list[Path]:
    """Write each variant of the issue's letter as .html, .txt and .eml; returns the files.

    Links to a reader's own pages lead to the site's start: nobody in particular reads this.

    Raises:
        WrongInput: the issue does not compile.
        Failed: the folder cannot be written.
    """
    compose.require_sendable(compose.check_issue(config, issue))
    here = config.site.url + "/"
    links = dict.fromkeys(("unsubscribe_url", "preferences_url", "letter_url"), here)
    values = MergeValues("", "reader@example.org", f"<sample@{config.site.host}>", links)
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for letter in compose.compile_issue(config, issue, now, usual_variants(issue)):
            html, text = letter.parts(values)
            contents = {".eml": letter.merge(values), ".txt": text.encode()}
            if html is not None:
                contents[".html"] = html.encode()
            for suffix, content in contents.items():
                name = f"{issue.publication.slug}-{issue.number or issue.id}-{letter.key}"
                path = folder / f"{name}{suffix}"
                path.write_bytes(content)
                written.append(path)
    except OSError as error:
        raise Failed(f"The letter cannot be written to {folder}: {error.strerror}.") from None
    return written
