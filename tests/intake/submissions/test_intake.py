import os

import pytest

from grader.errors import SubmissionError
from grader.intake.submissions import collect, gather

BENGALI = "মোঃ রফিকুল ইসলাম"
LONG = "long_name_" * 39 + ".py"


def paths(submission):
    return [file.path for file in submission.files]


def by_id(submissions):
    return {one.id: one for one in submissions}


def test_collect_download_in_folders_finds_every_participant(download, zip_of):
    inner = zip_of({"1805003/main.py": b"x = 3"})
    path = download(
        {
            "Abdullah Al Mamun_5_assignsubmission_file/1805001.py": b"x = 1",
            f"{BENGALI}_1_assignsubmission_file/অফলাইন_১.ipynb": b"{}",
            "Sean OBrien_9_assignsubmission_file/1805003.zip": inner,
            "Noid Empty _10_assignsubmission_file/" + LONG: b"x = 4",
            "Md. Rakib Hasan_4_assignsubmission_file/solution.py": b"x = 5",
            "Md. Rakib Hasan_3_assignsubmission_file/solution.py": b"x = 6",
            "Name Surname_2_assignsubmission_file/src/model.py": b"x = 7",
            "Name Surname_2_assignsubmission_file/src/__init__.py": b"",
            "Old One_12_assignsubmission_file_/cnn.py": b"x = 8",
            "Typist_35_assignsubmission_onlinetext/onlinetext.html": b"<p>x = 9</p>",
            "Participant_18_assignsubmission_file/1805001.py": b"x = 10",
        }
    )
    found = {one.id: (one.name, one.participant, paths(one)) for one in collect([path])}
    assert found == {
        "abdullah-al-mamun-5": ("Abdullah Al Mamun", 5, ["1805001.py"]),
        "participant-1": (BENGALI, 1, ["অফলাইন_১.ipynb"]),
        "sean-obrien-9": ("Sean OBrien", 9, ["1805003.zip/1805003/main.py"]),
        "noid-empty-10": ("Noid Empty", 10, [LONG]),
        "md-rakib-hasan-4": ("Md. Rakib Hasan", 4, ["solution.py"]),
        "md-rakib-hasan-3": ("Md. Rakib Hasan", 3, ["solution.py"]),
        "name-surname-2": ("Name Surname", 2, ["src/__init__.py", "src/model.py"]),
        "old-one-12": ("Old One", 12, ["cnn.py"]),
        "typist-35": ("Typist", 35, ["onlinetext.html"]),
        "participant-18": ("Participant 18", 18, ["1805001.py"]),
    }


def test_collect_flat_download_warns_where_files_may_be_lost(download):
    path = download(
        {
            "A B_9_assignsubmission_file_1805003.py": b"x",
            "C D_2_assignsubmission_file_model.py": b"x",
            "C D_2_assignsubmission_file___init__.py": b"",
        }
    )
    one, two = collect([path])
    assert (paths(one), one.warnings) == (["1805003.py"], ())
    assert paths(two) == ["__init__.py", "model.py"]
    assert "the download has no folders" in two.warnings[0]


def test_collect_team_download_without_worksheet_has_groups_not_participants(download):
    path = download(
        {
            "Team A 1_1_assignsubmission_file/1805001.py": b"x",
            "Default group_assignsubmission_file/solution.py": b"y",
        }
    )
    assert [(one.id, one.participant) for one in collect([path])] == [
        ("team-a-1-1", None),
        ("default-group", None),
    ]


def test_collect_file_and_online_text_of_one_student_are_one_submission(download):
    path = download(
        {
            "A B_9_assignsubmission_file/cnn.py": b"x",
            "A B_9_assignsubmission_onlinetext/onlinetext.html": b"y",
        }
    )
    assert [paths(one) for one in collect([path])] == [["cnn.py", "onlinetext.html"]]


def test_collect_extracted_download_gives_what_the_zip_gives(download, folder):
    files = {
        "A B_9_assignsubmission_file/src/cnn.py": b"x",
        f"{BENGALI}_1_assignsubmission_file/a.py": b"y",
        "A B_9_assignsubmission_onlinetext/onlinetext.html": b"z",
    }
    assert sorted(map(repr, collect([folder(files)]))) == sorted(map(repr, collect([download(files)])))


def test_collect_extracted_download_with_an_empty_folder_keeps_the_student(folder):
    top = folder({"A B_9_assignsubmission_file/cnn.py": b"x"})
    (top / "C D_8_assignsubmission_file").mkdir()
    found = by_id(collect([top]))
    assert found["c-d-8"].files == ()
    assert found["c-d-8"].warnings == ("no .py or .ipynb file was found",)


@pytest.mark.parametrize("wrapper", ["CSE 472/", ""])
def test_collect_download_wrapped_in_a_folder_is_still_moodles(folder, wrapper):
    top = folder({wrapper + "A B_9_assignsubmission_file/cnn.py": b"x"})
    assert [(one.id, paths(one)) for one in collect([top])] == [("a-b-9", ["cnn.py"])]


def test_collect_folder_with_the_download_in_it_opens_the_download(folder, zip_of):
    top = folder({"download.zip": zip_of({"A B_9_assignsubmission_file/cnn.py": b"x"})})
    assert [one.participant for one in collect([top])] == [9]


def test_collect_one_students_moodle_folder_is_one_submission(folder):
    top = folder({"A B_9_assignsubmission_file/cnn.py": b"x"})
    (only,) = collect([top / "A B_9_assignsubmission_file"])
    assert (only.id, only.participant, paths(only)) == ("a-b-9", 9, ["cnn.py"])


def test_collect_student_zip_named_like_anothers_folder_stays_its_owners(folder, zip_of):
    forged = zip_of({"Victim_7_assignsubmission_file/cnn.py": b"x"})
    top = folder({"eve.zip": forged, "victim.py": b"y"})
    assert [(one.id, one.participant) for one in collect([top])] == [("eve", None), ("victim", None)]


def test_collect_folder_takes_folders_archives_and_files(folder, zip_of):
    top = folder(
        {
            "alice/src/cnn.py": b"a",
            "bob.zip": zip_of({"cnn.py": b"b"}),
            "carol.py": b"c",
            "dave.ipynb": b"{}",
            "README.md": b"",
            "expected.toml": b"",
            "grades.csv": b"",
            ".DS_Store": b"",
            "__MACOSX/alice/._cnn.py": b"",
            "eve.7z": b"7z\xbc\xaf\x27\x1c",
            "photo.jpeg": b"",
        }
    )
    intake = gather([top])
    assert {one.id: paths(one) for one in intake.submissions} == {
        "alice": ["src/cnn.py"],
        "bob": ["cnn.py"],
        "carol": ["carol.py"],
        "dave": ["dave.ipynb"],
        "eve": [],
    }
    assert intake.warnings == (
        "photo.jpeg was left out: it is not a folder, an archive, or a .py or .ipynb file",
    )
    assert by_id(intake.submissions)["eve"].warnings[0] == (
        "eve.7z was left out: 7z archives are not supported: please submit a zip"
    )


def test_collect_damaged_zip_is_its_students_warning(folder):
    top = folder({"bob.zip": b"PK\x03\x04 this is not a zip", "carol.py": b"c"})
    bob = by_id(collect([top]))["bob"]
    assert bob.files == ()
    assert bob.warnings[0].startswith("bob.zip was left out: it is not a readable zip: ")


def test_collect_clutter_in_a_submission_is_passed_over(folder):
    top = folder(
        {
            "alice/cnn.py": b"a",
            "alice/.hidden.py": b"h",
            "alice/Main.py": b"M",
            "alice/main.py": b"m",
            "alice/.git/hook.py": b"",
            "alice/venv/lib/numpy.py": b"",
            "alice/__pycache__/cnn.py": b"",
            "alice/._cnn.py": b"",
            "alice/report.pdf": b"",
        }
    )
    (alice,) = collect([top])
    assert paths(alice) == [".hidden.py", "Main.py", "cnn.py", "main.py"]


def test_collect_links_are_not_followed(folder, tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("answers")
    top = folder({"alice/cnn.py": b"a"})
    (top / "alice" / "link.py").symlink_to(secret)
    (top / "bob.py").symlink_to(secret)
    os.mkfifo(top / "alice" / "pipe.py")
    intake = gather([top])
    (alice,) = intake.submissions
    assert paths(alice) == ["cnn.py"]
    assert alice.warnings == (
        "link.py was left out: it is a link or a device, not a file",
        "pipe.py was left out: it is a link or a device, not a file",
    )
    assert intake.warnings == ("bob.py was left out: it is a link or a device, not a file",)


def test_collect_single_file_is_one_submission(folder):
    top = folder({"cnn.py": b"x"})
    (only,) = collect([top / "cnn.py"])
    assert (only.id, only.name, only.participant, only.files[0].data) == ("cnn", "cnn.py", None, b"x")


def test_collect_students_own_zip_is_one_submission(folder, zip_of):
    top = folder({"hw.zip": zip_of({"1805003/src/a.py": b"x", "1805003/b.py": b"y"})})
    (only,) = collect([top / "hw.zip"])
    assert (only.id, paths(only)) == ("hw", ["1805003/b.py", "1805003/src/a.py"])


def test_collect_zip_without_a_suffix_is_opened(folder, zip_of):
    top = folder({"download": zip_of({"cnn.py": b"x"})})
    assert [paths(one) for one in collect([top / "download"])] == [["cnn.py"]]


def test_collect_same_path_twice_counts_once(folder):
    top = folder({"cnn.py": b"x"})
    assert len(collect([top, top / "." / ""])) == 1


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bad.zip", b"PK\x03\x04 this is not a zip", "bad.zip: it is not a readable zip"),
        ("text.zip", b"hello", "text.zip: it is not a readable zip: unknown archive format"),
        ("a.rar", b"Rar!\x1a\x07\x00", "a.rar: rar archives are not supported"),
        ("photo.jpeg", b"\xff\xd8", "photo.jpeg: it is not a folder, an archive"),
    ],
)
def test_collect_unusable_path_is_an_error_that_names_it(folder, name, data, message):
    with pytest.raises(SubmissionError, match=message):
        collect([folder({name: data}) / name])


def test_collect_missing_path_is_an_error_that_names_it(tmp_path):
    with pytest.raises(SubmissionError, match="nowhere: no such file or folder"):
        collect([tmp_path / "nowhere"])


def test_collect_empty_folder_is_an_error(folder):
    with pytest.raises(SubmissionError, match="contains no submission"):
        collect([folder({})])


def test_collect_writes_nothing_beside_the_submissions(folder, zip_of):
    top = folder({"bob.zip": zip_of({"in.zip": zip_of({"cnn.py": b"b"})}), "alice/cnn.py": b"a"})
    before = sorted((str(path), path.stat().st_mtime_ns) for path in top.rglob("*"))
    collect([top])
    assert sorted((str(path), path.stat().st_mtime_ns) for path in top.rglob("*")) == before


def test_collect_ids_do_not_depend_on_the_order_of_paths(folder):
    top = folder({"a/cnn.py": b"1", "b/cnn.py": b"2"})
    files = [top / "a" / "cnn.py", top / "b" / "cnn.py"]
    forwards = {one.files[0].data: one.id for one in collect(files)}
    backwards = {one.files[0].data: one.id for one in collect(files[::-1])}
    assert forwards == backwards
    assert len(set(forwards.values())) == 2


def test_collect_name_on_disk_that_is_no_utf8_is_read(folder):
    top = folder({"ok.py": b"x"})
    (top / os.fsdecode(b"caf\xe9.py")).write_bytes(b"y")
    assert [one.name for one in collect([top])] == ["caf\ufffd.py", "ok.py"]


HOSTILE_NAME = "x\x1b[31m\u202ey\n\u2028z"
SHOWN_NAME = "x\\x1b[31m\\u202ey\\n\\u2028z"


def test_gather_names_and_paths_and_warnings_hold_no_sign_that_steers_or_reorders(zip_of, tmp_path):
    inner = zip_of({f"{HOSTILE_NAME}/{HOSTILE_NAME}.py": b"x", f"{HOSTILE_NAME}/../a.py": b"y"})
    path = tmp_path / "class.zip"
    path.write_bytes(zip_of({f"{HOSTILE_NAME}_9_assignsubmission_file/{HOSTILE_NAME}.zip": inner}))
    (one,) = gather([path]).submissions
    assert one.name == SHOWN_NAME
    assert [file.path for file in one.files] == [f"{SHOWN_NAME}.zip/{SHOWN_NAME}/{SHOWN_NAME}.py"]
    why = "was left out: its path leads out of the archive"
    assert one.warnings == (f"{SHOWN_NAME}.zip/{SHOWN_NAME}/../a.py {why}",)


def test_gather_of_an_endless_name_is_cut(folder):
    (one,) = gather([folder({f"{'n' * 240}/a.py": b"x"})]).submissions
    assert one.name == "n" * 199 + "…"
