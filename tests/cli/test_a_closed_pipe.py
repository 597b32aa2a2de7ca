"""Nobody reads the answer any more: the command ends without a word."""

import os
import subprocess

import pytest

from tests.cli.conftest import Shell
from tests.system.site import MAILER, environment


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "words", [("issues", "list"), ("issues", "list", "--json"), ("subscribers", "export")]
)
def test_a_closed_pipe_is_no_traceback(shell: Shell, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*MAILER, *words],
        cwd=shell.folder,
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1
