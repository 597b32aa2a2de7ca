"""How long processors were busy: what the clock would show on a machine with nothing else to do."""

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def busy_s(*roots: int) -> float:
    """The seconds of processors that this process, and the processes below each of `roots`, have
    used so far. Of those below it is known to a hundredth of a second only."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    if roots:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            process = int(stat.parent.name)
            parents[process] = int(fields[1])
            ticks[process] = int(fields[11]) + int(fields[12])
    below = sum(
        of for process, of in ticks.items() if any(_is_below(process, r, parents) for r in roots)
    )
    return time.process_time() + below / _TICKS


def _is_below(process: int, root: int, parents: dict[int, int]) -> bool:
    above = parents.get(process)
    while above:
        if above == root:
            return True
        above = parents.get(above)
    return False
