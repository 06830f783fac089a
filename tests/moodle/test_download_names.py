import pytest

from grader.moodle.download_names import as_moodle_writes, split_owner


@pytest.mark.parametrize(
    ("path", "label", "number", "inner", "flat"),
    [
        ("Sean OBrien_9_assignsubmission_file/1805003.zip", "Sean OBrien", 9, "1805003.zip", False),
        ("Sean OBrien_9_assignsubmission_file_/1805003.zip", "Sean OBrien", 9, "1805003.zip", False),
        ("Name Surname_2_assignsubmission_file/src/model.py", "Name Surname", 2, "src/model.py", False),
        ("Sean OBrien_9_assignsubmission_file_1805003.zip", "Sean OBrien", 9, "1805003.zip", True),
        ("A_2_assignsubmission_file___init__.py", "A", 2, "__init__.py", True),
        ("Name_35_assignsubmission_onlinetext/onlinetext.html", "Name", 35, "onlinetext.html", False),
        ("Name_35_assignsubmission_onlinetext_onlinetext.html", "Name", 35, "onlinetext.html", True),
        ("Participant_18_assignsubmission_file/1805001.py", "Participant", 18, "1805001.py", False),
        ("Team A 1_1_assignsubmission_file/1805001.py", "Team A 1", 1, "1805001.py", False),
        ("Default group_assignsubmission_file/solution.py", "Default group", None, "solution.py", False),
        ("Noid Empty _10_assignsubmission_file/a.py", "Noid Empty", 10, "a.py", False),
        ("মোঃ রফিকুল ইসলাম_1_assignsubmission_file/অফলাইন_১.ipynb", "মোঃ রফিকুল ইসলাম", 1, "অফলাইন_১.ipynb", False),
        ("דנה לוי_4_assignsubmission_file/a.py", "דנה לוי", 4, "a.py", False),
        ("Under_Score_8_assignsubmission_file/a.py", "Under_Score", 8, "a.py", False),
    ],
)
def test_split_owner_moodle_name_gives_owner_and_path(path, label, number, inner, flat):
    owned = split_owner(path)
    assert owned is not None
    assert (owned.label, owned.number, owned.path, owned.flat) == (label, number, inner, flat)


@pytest.mark.parametrize("path", ["alice/cnn.py", "1805001.py", "alice/Bob_7_assignsubmission_file/x.py"])
def test_split_owner_other_name_gives_none(path):
    assert split_owner(path) is None


def test_split_owner_file_named_like_another_student_stays_with_its_owner():
    owned = split_owner("Eve_3_assignsubmission_file_Bob_7_assignsubmission_file_x.py")
    assert owned is not None
    assert (owned.label, owned.number) == ("Eve", 3)


def test_split_owner_bengali_digits_are_no_number():
    owned = split_owner("A_৭_assignsubmission_file/x.py")
    assert owned is not None
    assert owned.number is None


def test_as_moodle_writes_signs_are_dropped():
    assert as_moodle_writes("Seán_O'Brien: A/B & <C> ") == "Seán OBrien AB  C"
