"""The installation check of notebook 00 says what is wrong, and never fails itself."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from lazylib.installation import check_installation

ROOT = Path(__file__).parents[1]


def break_package(monkeypatch, function, name, answer):
    """Let ``importlib.metadata.function(name)`` give an answer, or raise it."""
    real = getattr(metadata, function)

    def broken(asked):
        if asked == name and isinstance(answer, Exception):
            raise answer
        return answer if asked == name else real(asked)

    monkeypatch.setattr(metadata, function, broken)


def test_a_complete_installation_is_said_to_be_well(capsys):
    check_installation()
    assert capsys.readouterr().out.startswith("✔ Everything is installed")


def test_missing_and_old_packages_are_named(capsys, monkeypatch):
    missing = metadata.PackageNotFoundError("jupyterlab")
    break_package(monkeypatch, "version", "jupyterlab", missing)
    break_package(monkeypatch, "version", "ipywidgets", "7.9.9")
    check_installation()
    *problems, advice = capsys.readouterr().out.splitlines()
    assert problems == [
        "✘ ipywidgets 7.9.9 is too old; 8.1 or later is needed.",
        "✘ jupyterlab is missing.",
    ]
    assert "make lab" in advice


def test_an_environment_without_lazylib_is_named(capsys, monkeypatch):
    missing = metadata.PackageNotFoundError("lazy-training-notebooks")
    break_package(monkeypatch, "requires", "lazy-training-notebooks", missing)
    check_installation()
    assert capsys.readouterr().out.startswith("✘ lazylib itself is not installed")


@pytest.mark.parametrize(
    "answer", [None, KeyError("Version"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no text")]
)
def test_broken_metadata_are_told_not_raised(capsys, monkeypatch, answer):
    """A package's own, and lazylib's: a missing field is None or a KeyError, by Python version."""
    break_package(monkeypatch, "version", "ipywidgets", answer)
    check_installation()
    assert capsys.readouterr().out.startswith("✘ ipywidgets is damaged:")
    break_package(monkeypatch, "requires", "lazy-training-notebooks", answer)
    check_installation()
    assert capsys.readouterr().out.startswith("✘ lazylib's own record")


@pytest.mark.parametrize("well, said", [(True, b"ok: Everything"), (False, b"not ok: lazylib")])
def test_a_terminal_of_code_page_1252_gets_words_without_marks(well, said):
    code = "from lazylib import installation; "
    code += "" if well else "installation.DISTRIBUTION = 'no such thing'; "
    command = [sys.executable, "-c", code + "installation.check_installation()"]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(said)
