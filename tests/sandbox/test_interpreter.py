"""`--python`: found on PATH, tried, and named in the message where it cannot run a worker."""

import os
import sys
from pathlib import Path

import pytest

from grader.errors import InputError
from grader.sandbox import find_interpreter


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_find_interpreter_bare_name_is_looked_up_on_path(tmp_path, monkeypatch):
    script(tmp_path / "python-of-the-course", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_interpreter("python-of-the-course") == str(tmp_path / "python-of-the-course")


def test_find_interpreter_relative_path_becomes_absolute(tmp_path, monkeypatch):
    # Workers start in another folder, where a relative path would name nothing.
    script(tmp_path / "mine", f'exec {sys.executable} "$@"')
    monkeypatch.chdir(tmp_path)
    assert find_interpreter("./mine") == str(tmp_path / "mine")


def test_find_interpreter_keeps_the_link_of_a_virtual_environment():
    assert find_interpreter(sys.executable) == sys.executable


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f'exec {sys.executable} -S "$@"', "has no NumPy, which students' code needs"),
        (
            'echo "this is not Python" >&2; echo advice >&2; exit 3',
            "is not a Python interpreter that works (this is not Python)",
        ),
        ("exit 3", "is not a Python interpreter that works (exit status 3)"),
    ],
)
def test_find_interpreter_program_that_cannot_run_a_worker_is_named(tmp_path, text, sentence):
    path = script(tmp_path / "mine", text)
    with pytest.raises(InputError) as caught:
        find_interpreter(str(path))
    assert str(caught.value).startswith(f"--python: '{path}' ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["no/such/python", "python9.9"])
def test_find_interpreter_nothing_there_is_named(name):
    with pytest.raises(InputError, match=f"--python: '{name}': no such program"):
        find_interpreter(name)
