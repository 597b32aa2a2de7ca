"""How long commands take from the shell: the help, and a list from a real database.

Run: python bench/commands.py. Each figure is the median of nine runs after two that warm up.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LISTING = Path(__file__).parent.parent / "mailer" / "cli" / "demo" / "listing.txt"
RUNS, WARM_UP = 9, 2


def median_ms(command: list[str], folder: Path) -> float:
    """The median wall time of a command run in `folder`, in milliseconds."""
    seconds = []
    for _ in range(WARM_UP + RUNS):
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[WARM_UP:]) * 1000


def main() -> None:
    """Print the figures."""
    mailer = str(Path(sys.executable).parent / "mailer")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subprocess.run([mailer, "init", "--yes"], cwd=folder, check=True, capture_output=True)
        subprocess.run(
            [mailer, "issues", "import", str(LISTING)], cwd=folder, check=True, capture_output=True
        )
        for command in (["--help"], ["issues", "list"]):
            print(f"mailer {' '.join(command):12} {median_ms([mailer, *command], folder):6.0f} ms")


if __name__ == "__main__":
    main()
