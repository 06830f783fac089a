from hypothesis import given
from hypothesis import strategies as st

from grader.intake.submissions.ids import make_ids, slug
from grader.intake.submissions.model import HandIn, SourceFile


def plain(name, root="r", origin=None, data=b""):
    return HandIn(name, origin or name, root, (SourceFile("a.py", data),))


def moodle(name, number, *, team=False):
    return HandIn(name, f"{name}_{number}", "r", moodle=True, number=number, team=team)


def test_make_ids_plain_names_lose_their_suffix():
    assert make_ids([plain("endless_loop.py"), plain("a_zip.zip")]) == ["endless_loop", "a_zip"]


def test_make_ids_moodle_names_carry_the_number():
    found = make_ids([moodle("Sean O'Brien", 9), moodle("মোঃ রফিকুল ইসলাম", 1), moodle("Participant 18", 18)])
    assert found == ["sean-obrien-9", "participant-1", "participant-18"]


def test_make_ids_two_of_the_same_name_differ_by_number():
    assert make_ids([moodle("Md. Rakib Hasan", 4), moodle("Md. Rakib Hasan", 3)]) == [
        "md-rakib-hasan-4",
        "md-rakib-hasan-3",
    ]


def test_make_ids_same_stem_is_kept_apart_whatever_the_order():
    both = [plain("cnn.py"), plain("cnn.zip")]
    first, second = make_ids(both)
    assert first != second
    assert make_ids(both[::-1]) == [second, first]


def test_make_ids_names_that_differ_in_case_are_kept_apart():
    first, second = make_ids([plain("Main.py"), plain("main.py")])
    assert first.lower() != second.lower()


def test_make_ids_script_without_ascii_gets_a_stable_id():
    assert make_ids([plain("মোঃ.py")]) == make_ids([plain("মোঃ.py")])
    assert make_ids([plain("মোঃ.py")])[0].startswith("submission-")


def test_make_ids_same_files_twice_are_still_unique():
    assert len(set(make_ids([plain("a.py"), plain("a.py"), plain("a.py")]))) == 3


@given(st.lists(st.tuples(st.text(max_size=12), st.sampled_from("rs")), max_size=12))
def test_make_ids_any_names_give_unique_safe_ids(names):
    ids = make_ids([plain(name or "x", root) for name, root in names])
    assert len(set(ids)) == len(ids)
    assert all(one and set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for one in ids)


def test_slug_of_a_long_row_of_combining_marks_ends():
    assert slug("a" + "\u0301\u0316" * 200_000) == "a"
