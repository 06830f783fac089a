import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.submissions.file_types import clean_path, is_archive, is_clutter, is_source, shown


@pytest.mark.parametrize(
    "path", ["a.py", "A.PY", "b/c.ipynb", "cnn.py.txt", "cnn.py (1)", "notes.txt", "onlinetext.html", "x.pyw"]
)
def test_is_source_what_may_hold_code_is_source(path):
    assert is_source(path)


@pytest.mark.parametrize("path", ["a.pyc", "a.pyd", "report.pdf", "page.html", "a.py.zip", "model.pickle"])
def test_is_source_other_files_are_none(path):
    assert not is_source(path)


@pytest.mark.parametrize(
    "path",
    [
        *("__MACOSX/a.py", "x/__MACOSX/._a.py", "._a.py", ".DS_Store", ".git/hooks/a.py", ".gitignore"),
        *("venv/lib/x.py", ".venv/x.py", "lib/site-packages/numpy/core.py"),
        *("a/__pycache__/b.py", ".ipynb_checkpoints/a.ipynb"),
    ],
)
def test_is_clutter_what_no_student_wrote_is_clutter(path):
    assert is_clutter(path)


@pytest.mark.parametrize("path", [".hidden.py", "src/a.py", "environment/a.py", "a"])
def test_is_clutter_what_a_student_may_have_written_is_none(path):
    assert not is_clutter(path)


@pytest.mark.parametrize("path", ["a.zip", "A.ZIP", "a.tar.gz", "a.tgz", "a.7z", "a.rar"])
def test_is_archive_archive_suffix_is_archive(path):
    assert is_archive(path)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a.py", "a/../../b.py", "C:/a.py", "\\\\host\\a.py", "a\0.py", ""]
)
def test_clean_path_leading_out_gives_none(path):
    assert clean_path(path) is None


@given(st.text(st.sampled_from("ab./\\ :\0"), max_size=20))
def test_clean_path_result_never_leads_out(path):
    cleaned = clean_path(path)
    if cleaned is not None:
        parts = cleaned.rstrip("/").split("/")
        assert not cleaned.startswith("/")
        assert all(part not in ("", ".", "..") for part in parts)


def test_shown_reordering_marks_are_written_out():
    assert shown("a\u202eyp.exe\n") == "a\\u202eyp.exe\\n"


def test_shown_long_path_keeps_both_ends():
    assert shown("a" * 200 + ".py").endswith("a.py")
    assert len(shown("a" * 200)) < 130
