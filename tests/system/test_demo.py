"""`mailer demo`: the whole thing on sample data, and nothing left behind."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.system.site import MAILER, environment, wait_for

READERS = 12
URL_AT_END = re.compile(r" (http://127\.0\.0\.1:[0-9]+/\S*)$", re.MULTILINE)


def demo(folder: Path, *words: str, status: int = 0) -> tuple[str, str]:
    """What a demonstration answers and remarks, when it has come to its end."""
    done = subprocess.run(
        [*MAILER, "demo", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout, done.stderr


def test_once_leaves_the_letters(tmp_path: Path) -> None:
    said, _ = demo(tmp_path, "--once", "--dir", "out")
    letters = check_letters(tmp_path / "out/letters")
    assert f"went to {letters} readers" in said
    assert said.rstrip().endswith(str(tmp_path / "out/letters"))
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]

    # Again in the same folder, beside something that has the port.
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        _, remarks = demo(tmp_path, "--once", "--dir", "out", "--port", str(port))
    assert f"Port {port} is taken; another one is used." in remarks
    assert check_letters(tmp_path / "out/letters") == letters


def check_letters(folder: Path) -> int:
    """Letters that parse, each somebody's own; returns how many."""
    files = sorted(folder.glob("*.eml"))
    assert len(files) >= READERS
    letters = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    for field in ("message-id", "to", "list-unsubscribe"):
        assert len({letter[field] for letter in letters}) == len(files)
    for letter in letters:
        assert letter.defects == []
        assert letter["subject"]
        assert letter.get_body(("plain",)) is not None
        assert letter.get_body(("html",)) is not None
    return len(files)


@pytest.mark.parametrize("content", [b"[organisation]\n", b"\xff\xfe"])
def test_a_folder_with_a_site_of_its_own_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("config.toml", "mailer.db"):
        (tmp_path / name).write_bytes(content)
    _, said = demo(tmp_path, "--once", "--dir", ".", status=2)
    assert said.startswith("mailer: ")
    assert said.count("\n") == 1
    assert "a site of its own" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "mailer.db"]
    assert (tmp_path / "mailer.db").read_bytes() == content


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _, said = demo(tmp_path, "--once", "--dir", "file/out", status=1)
    assert said.startswith("mailer: ")
    assert "file/out" in said


@contextmanager
def served(folder: Path) -> Iterator["tuple[subprocess.Popen[str], list[str]]"]:
    """A demonstration that serves its pages, its scratch folder in `folder`; and its URLs."""
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [*MAILER, "demo", "--port", "0"],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment() | {"TMPDIR": str(folder)},
        start_new_session=True,
    )

    def urls() -> list[str]:
        return URL_AT_END.findall((folder / "log").read_text())

    try:
        wait_for(lambda: len(urls()) >= 3 or process.poll() is not None, "the URLs")
        yield process, urls()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        log.close()


def read(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        assert answer.status == 200
        text: str = answer.read().decode()
    return text


def processes_of(session: int) -> list[int]:
    """The processes that run in a session of the operating system."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_archive_inbox_and_desk_until_it_is_ended(
    tmp_path: Path, how: signal.Signals
) -> None:
    with served(tmp_path) as (process, (archive, inbox, desk)):
        assert "Update 120" in read(archive)
        assert "Sign in" in read(desk)
        wait_for(lambda: read(inbox).count("<li>") >= READERS, "the letters", 30)
        (first, *_) = re.findall(r'<a href="([0-9]+/)">', read(inbox))
        assert "List-Unsubscribe" in read(inbox + first)
        assert "<html" in read(f"{inbox}{first}html")
        raw = read(f"{inbox}{first}raw")
        (unsubscribe,) = re.findall(r"^List-Unsubscribe: <(\S+)>", raw, re.MULTILINE)
        assert unsubscribe.startswith(archive)
        assert "Update" in read(unsubscribe)
        assert [path.name for path in tmp_path.glob("mailer-demo-*")]

        os.kill(process.pid, how)
        assert process.wait(10) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert processes_of(process.pid) == []
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
