"""What the machine can do, in words."""

from grader.reports.doctor import doctor_text
from grader.sandbox.probe import Attempt, Report

HOLDS = Report("native", (Attempt("fork", True, "EPERM"),), facts={"Landlock": "ABI 7"})
LEAKS = Report("bwrap", (Attempt("fork", False),), problem="a worker could fork")


def test_doctor_text_names_the_strongest_that_holds():
    text = doctor_text([HOLDS, LEAKS], {"cores": 2})
    assert text.startswith("This machine can grade: --sandbox auto uses native.")
    assert "cores: 2" in text
    assert "  Landlock: ABI 7" in text
    assert "  tries to fork: refused (EPERM)" in text


def test_doctor_text_without_a_sandbox_says_so_and_what_got_through():
    text = doctor_text([LEAKS], {})
    assert text.startswith("This machine cannot grade other people's code")
    assert "sandbox bwrap: cannot be used: a worker could fork" in text
    assert "  tries to fork: NOT REFUSED" in text
