"""A QR code as a picture in the page: dark on light in every scheme, since cameras want it so."""

from itertools import groupby

from markupsafe import Markup

# ISO/IEC 18004 section 9.1: four modules of nothing on each side.
_QUIET = 4


def picture(content: str) -> Markup:
    """The SVG element; whoever shows it says in words what it is."""
    import segno

    rows = [list(row) for row in segno.make(content, error="l", micro=False).matrix]
    size = len(rows) + 2 * _QUIET
    path = "".join(
        f"M{start + _QUIET} {y}h{length}v1h-{length}z"
        for y, row in enumerate(rows, _QUIET)
        for start, length in _dark(row)
    )
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" width="240" height="240" aria-hidden="true" '
        'focusable="false" shape-rendering="crispEdges">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path fill="#000" d="{1}"/></svg>'
    ).format(size, path)


def _dark(row: list[int]) -> list[tuple[int, int]]:
    """Where dark stretches of a row begin, and how long they are."""
    stretches, at = [], 0
    for dark, run in groupby(row, bool):
        length = len(list(run))
        if dark:
            stretches.append((at, length))
        at += length
    return stretches
