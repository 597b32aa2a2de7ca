"""The wheel: built from what is tracked, installed alone, run from an empty folder."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest


def files() -> list[Path]:
    """What a clone of this checkout holds, or will hold when its changes are committed."""
    options = ["--cached", "--others", "--exclude-standard", "-z"]
    told = subprocess.run(["git", "ls-files", *options], capture_output=True, check=True, text=True)
    return [path for path in map(Path, filter(None, told.stdout.split("\0"))) if path.is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that a clone builds."""
    clone = tmp_path_factory.mktemp("clone")
    for path in files():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, clone / path)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "dist"]
    subprocess.run([*pip, "wheel", *options, "."], cwd=clone, check=True)
    (built,) = (clone / "dist").glob("mailer-*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a fresh environment with the wheel in it.

    What the wheel depends on is found where this test runs, so that nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--python", python, "install", *options, wheel], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def test_it_holds_what_the_code_needs(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    elsewhere = {"templates": "mailer/_templates", "migrations": "mailer/_migrations"}
    needed = {
        Path(elsewhere.get(path.parts[0], path.parts[0]), *path.parts[1:]).as_posix()
        for path in files()
        if path.parts[0] in ("mailer", *elsewhere)
    }
    assert needed <= held
    assert held >= {
        "mailer/_config.example.toml",
        "mailer/_migrations/env.py",
        "mailer/_templates/letters/update/letter.html.j2",
        "mailer/cli/demo/listing.txt",
        "mailer/cli/demo/readers.csv",
    }
    others = {name for name in held - needed if ".dist-info/" not in name}
    assert others == {"mailer/_config.example.toml"}


def test_it_runs_from_an_empty_folder(python: Path, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def run(*command: Path | str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    imported = run(python, "-c", "import mailer; print(mailer.__file__)").strip()
    assert Path(imported).is_relative_to(python.parents[1])
    assert "went to" in run(python.parent / "mailer", "demo", "--once", "--dir", "OUT")
    assert len(list((tmp_path / "OUT/letters").glob("*.eml"))) >= 12
    assert [path.name for path in tmp_path.iterdir()] == ["OUT"]
