"""What was measured, as ratios and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

COLUMNS = (
    *("database", "workers", "connections", "readers", "messages/s", "smtp-source", "ratio"),
    *("first after s", "peak MB", "status ms"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One mailing as it was seen from outside; `status_ms` is the slowest answer, if asked."""

    database: str
    workers: int
    connections: int
    readers: int
    rate: float
    sources: tuple[float, ...]
    first_after_s: float
    peak_mb: float
    size: float
    status_ms: float | None = None

    @property
    def source(self) -> float:
        """Messages a second of smtp-source, the median of before and after."""
        return median(self.sources)

    @property
    def ratio(self) -> float:
        """How many times as fast as smtp-source."""
        return self.rate / self.source


def middle(rounds: Sequence[Measured]) -> Measured:
    """The round whose ratio is in the middle (of two, the lower): figures that belong together."""
    by_ratio = sorted(rounds, key=lambda measured: measured.ratio)
    return by_ratio[(len(by_ratio) - 1) // 2]


def table(measured: Sequence[Measured], *, markdown: bool = False) -> str:
    """A row for each; for the terminal, or as Markdown."""
    rows = [
        (
            one.database,
            f"{one.workers}",
            f"{one.connections}",
            f"{one.readers:,}",
            f"{one.rate:,.0f}",
            f"{one.source:,.0f}",
            f"{one.ratio:.2f}",
            f"{one.first_after_s:.2f}",
            f"{one.peak_mb:.0f}",
            "" if one.status_ms is None else f"{one.status_ms:.0f}",
        )
        for one in measured
    ]
    if markdown:
        lines = [COLUMNS, ("---",) + ("--:",) * (len(COLUMNS) - 1), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (COLUMNS, *rows)
    )
