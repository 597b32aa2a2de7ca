"""As whom somebody looks at a letter, and on what: read from an address, written into one."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from mailer.delivery import Scheme
from mailer.web.desk.letter_frame import Width

LONGEST_TOPIC, MOST_TOPICS = 80, 100


@dataclass(frozen=True, slots=True)
class Choice:
    """Without `reader` it is nobody, who has chosen `language`, `form`, `member` and `topics`.

    An empty `language` is the issue's; no `topics` are all of them.
    """

    width: Width = "phone"
    scheme: Scheme = "light"
    language: str = ""
    form: Literal["html", "text"] = "html"
    member: bool = False
    topics: tuple[str, ...] = ()
    reader: int = 0
    asked: str = ""

    @classmethod
    def of(cls, params: QueryParams) -> "Choice":
        """What the query says; what makes no sense in it is left out."""
        width, reader = str(params.get("width", "")), str(params.get("reader", ""))
        language = str(params.get("language", ""))
        return cls(
            width if width in ("desktop", "text") else "phone",  # type: ignore[arg-type]
            "dark" if params.get("scheme", "") == "dark" else "light",
            language if language in ("en", "es") else "",
            "text" if params.get("form", "") == "text" else "html",
            params.get("member", "") == "yes",
            tuple(
                topic[:LONGEST_TOPIC] for topic in params.getlist("topic")[:MOST_TOPICS] if topic
            ),
            int(reader) if reader.isascii() and reader.isdecimal() and len(reader) < 16 else 0,
            " ".join(str(params.get("asked", "")).replace("\0", "").split())[:300],
        )

    def query(self, **changes: Any) -> str:
        """The same as a query, with `changes`."""
        chosen = replace(self, **changes)
        pairs = [
            ("width", chosen.width),
            ("scheme", chosen.scheme),
            ("language", chosen.language),
            ("form", "text" if chosen.form == "text" else ""),
            ("member", "yes" if chosen.member else ""),
            *(("topic", topic) for topic in chosen.topics),
            ("reader", str(chosen.reader or "")),
        ]
        return urlencode([pair for pair in pairs if pair[1]])
