"""The first backend that confines is opened; if there is none, every reason is named."""

import pytest

from grader.errors import SandboxError
from grader.sandbox import open_backend
from grader.sandbox.backends import choose
from grader.sandbox.backends.unconfined import PlainBackend
from grader.sandbox.probe import Attempt, Report


@pytest.mark.parametrize("name", ["auto", "native"])
def test_open_backend_that_holds_is_opened(name):
    with open_backend(name) as backend:
        assert backend.name == "native"


def test_open_backend_unknown_name_says_which_there_are():
    with pytest.raises(SandboxError, match=r"unknown sandbox 'chroot'; known are auto, native, bwrap"):
        open_backend("chroot")


def test_open_backend_auto_where_a_backend_does_not_hold_takes_the_next(monkeypatch):
    openers = dict.fromkeys(choose.CONFINING, PlainBackend)
    answers = iter([Report("native", problem="a worker could fork"), Report("bwrap")])
    monkeypatch.setattr(choose, "_OPENERS", openers)
    monkeypatch.setattr(choose, "probe", lambda backend: next(answers))
    with open_backend("auto") as backend:
        assert isinstance(backend, PlainBackend)
    assert next(answers, None) is None


def test_open_backend_auto_where_nothing_holds_names_every_reason(monkeypatch):
    monkeypatch.setattr(choose, "_OPENERS", dict.fromkeys(choose.CONFINING, PlainBackend))
    refused = Report("x", (Attempt("fork", refused=False),), problem="a worker could fork")
    monkeypatch.setattr(choose, "probe", lambda backend: refused)
    with pytest.raises(SandboxError, match=r"native: a worker could fork\nbwrap: a worker could fork"):
        open_backend("auto")


def test_examine_names_every_confining_backend(monkeypatch):
    reports = choose.examine()
    assert [report.backend for report in reports] == ["native", "bwrap", "container"]
    assert reports[0].holds
    assert all(report.holds or report.problem for report in reports)
