"""`grader doctor`: what this machine can do."""


def test_doctor_says_what_holds_and_what_was_refused(grader):
    ran = grader("doctor")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("This machine can grade: --sandbox auto uses native.")
    assert "sandbox native: works" in ran.out
    assert "tries to read a file: refused" in ran.out
    assert "NOT REFUSED" not in ran.out
