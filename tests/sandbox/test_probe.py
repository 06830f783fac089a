"""A backend is tried with what it must refuse, and the attempts leave nothing behind."""

from grader.sandbox import open_backend
from grader.sandbox.probe import probe
from grader.worker.escape_attempts import ATTEMPT_NAMES


def test_probe_native_refuses_every_attempt(native):
    report = probe(native)
    assert report.problem == ""
    assert [attempt.name for attempt in report.attempts] == [name.replace("_", " ") for name in ATTEMPT_NAMES]
    assert [attempt.name for attempt in report.attempts if not attempt.refused] == []
    assert report.facts["Landlock"].startswith("ABI ")


def test_probe_leaves_no_trace_where_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with open_backend("none") as backend:
        assert not probe(backend).holds
    assert list(tmp_path.iterdir()) == []
