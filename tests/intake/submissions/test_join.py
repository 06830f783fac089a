from datetime import datetime

import pytest

from grader.intake.submissions import collect, gather

SUBMITTED = "Submitted for grading -  - "
DATE = "Monday, 23 November 2026, 2:26 AM"


def by_number(submissions):
    return {one.participant: one for one in submissions}


def test_collect_worksheet_joins_by_number_never_by_name(download, worksheet):
    path = download(
        {
            "Md. Rakib Hasan_4_assignsubmission_file/a.py": b"four",
            "Md. Rakib Hasan_3_assignsubmission_file/a.py": b"three",
        }
    )
    sheet = worksheet((3, "Md. Rakib Hasan", SUBMITTED, DATE), (4, "Md. Rakib Hasan", SUBMITTED, DATE))
    found = by_number(collect([path], sheet))
    assert {number: one.files[0].data for number, one in found.items()} == {3: b"three", 4: b"four"}
    assert found[3].standing.email == "s3@example.com"
    assert found[3].warnings == ()


@pytest.mark.parametrize(
    ("status", "has_file", "state"),
    [
        ("Submitted for grading -  - ", True, "submitted"),
        ("Submitted for grading - 3 days late - Graded -  - ", True, "submitted"),
        ("Draft (not submitted) -  - ", True, "draft"),
        ("No submission -  - ", False, "nothing"),
        ("No submission - Graded -  - ", False, "nothing"),
        ("Reopened -  - ", False, "reopened"),
        ("Entregado -  - ", True, "submitted"),
        ("Entregado -  - ", False, "nothing"),
    ],
)
def test_collect_status_gives_the_state(download, worksheet, status, has_file, state):
    owner = "Ann" if has_file else "Other"
    number = 5 if has_file else 6
    path = download({f"{owner}_{number}_assignsubmission_file/a.py": b"x"})
    found = by_number(collect([path], worksheet((5, "Ann", status, DATE))))
    assert found[5].standing.state == state
    assert found[5].standing.status == status.strip()
    assert bool(found[5].files) == has_file


def test_collect_nothing_handed_in_is_a_submission_without_files(download, worksheet):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x"})
    sheet = worksheet((5, "Ann", SUBMITTED, DATE), (6, "Tanvir Never-Submitted", "No submission -  - ", "-"))
    tanvir = by_number(collect([path], sheet))[6]
    assert (tanvir.id, tanvir.name, tanvir.files, tanvir.warnings) == (
        "tanvir-never-submitted-6",
        "Tanvir Never-Submitted",
        (),
        (),
    )
    assert tanvir.standing.late_seconds is None


def test_collect_participant_missing_from_the_worksheet_is_kept_with_a_warning(download, worksheet):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x", "Bo_7_assignsubmission_file/a.py": b"y"})
    found = by_number(collect([path], worksheet((5, "Ann", SUBMITTED, DATE))))
    assert found[7].warnings == ("the worksheet has no Participant 7",)
    assert found[7].standing is None


def test_collect_submitted_without_a_file_is_a_warning(download, worksheet):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x"})
    sheet = worksheet((5, "Ann", SUBMITTED, DATE), (6, "Bo", SUBMITTED, DATE))
    assert "there is no file of this participant" in by_number(collect([path], sheet))[6].warnings[0]


def test_collect_files_of_one_who_handed_in_nothing_are_graded_with_a_warning(download, worksheet):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x"})
    (ann,) = collect([path], worksheet((5, "Ann", "No submission -  - ", "-")))
    assert ann.standing.state == "submitted"
    assert "older than the download" in ann.warnings[0]


def test_collect_other_name_under_the_number_is_a_warning(download, worksheet):
    path = download({"Team A_1_assignsubmission_file/a.py": b"x"})
    (one,) = collect([path], worksheet((1, "Ann O'Neil", SUBMITTED, DATE)))
    assert one.name == "Ann O'Neil"
    assert "do both belong to the same assignment?" in one.warnings[0]


def test_collect_group_prefix_before_the_name_is_no_warning(download, worksheet):
    path = download({"Section A1-Ann ONeil_1_assignsubmission_file/a.py": b"x"})
    (one,) = collect([path], worksheet((1, "Ann O'Neil", SUBMITTED, DATE)))
    assert one.warnings == ()


def test_collect_team_files_go_to_every_member(download, worksheet):
    path = download(
        {
            "Team A 1_1_assignsubmission_file/a.py": b"A",
            "Team B_2_assignsubmission_file/a.py": b"B",
            "Default group_assignsubmission_file/a.py": b"D",
        }
    )
    sheet = worksheet(
        (30, "Ann", SUBMITTED, DATE, "Team_A 1"),
        (26, "Bo", SUBMITTED, DATE, "Team_A 1"),
        (2, "Cy", SUBMITTED, DATE, "Default group"),
        (24, "Di", SUBMITTED, DATE, ""),
        (25, "Ed", SUBMITTED, DATE, "Team B"),
        team=True,
    )
    found = by_number(collect([path], sheet))
    assert {number: one.files[0].data for number, one in found.items()} == {
        30: b"A",
        26: b"A",
        2: b"D",
        24: b"D",
        25: b"B",
    }
    assert found[26].standing.group == "Team_A 1"


def test_collect_team_that_the_worksheet_lacks_has_no_participant(download, worksheet):
    path = download({"Team X_3_assignsubmission_file/a.py": b"x"})
    found = collect([path], worksheet((3, "Ann", "No submission -  - ", "-", "Team Y"), team=True))
    assert [(one.participant, bool(one.files)) for one in found] == [(3, False), (None, True)]
    assert found[1].warnings == ("no row of the worksheet has the group 'Team X'",)


def test_collect_two_groups_of_one_written_name_are_told(download, worksheet):
    path = download(
        {"Team A_1_assignsubmission_file/a.py": b"1", "Team A_2_assignsubmission_file/a.py": b"2"}
    )
    (ann,) = collect([path], worksheet((9, "Ann", SUBMITTED, DATE, "Team_A"), team=True))
    assert ann.warnings == (
        "2 groups have this name or number (Team A_1, Team A_2); only the last one is used",
    )


def test_collect_online_text_of_the_worksheet_is_a_file(download, tmp_path):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x"})
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        'Identifier,Status,"Online text"\n"Participant 6",Submitted for grading,"<p>x = 1</p>"\n'
    )
    assert by_number(collect([path], sheet))[6].files[0].data == b"<p>x = 1</p>"


def test_gather_header_only_worksheet_still_grades_with_warnings(download, worksheet):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x"})
    intake = gather([path], worksheet())
    assert "lists no students" in intake.warnings[0]
    assert [one.participant for one in intake.submissions] == [5]


def test_collect_worksheet_of_plain_names_is_told(folder, worksheet):
    found = collect([folder({"ann.py": b"x"})], worksheet((5, "Ann", "No submission -  - ", "-")))
    assert [one.id for one in found] == ["ann-5", "ann"]
    assert "no Moodle number" in found[1].warnings[0]


def test_collect_due_date_decides_lateness(download, worksheet):
    path = download({"Ann_5_assignsubmission_file/a.py": b"x"})
    sheet = worksheet((5, "Ann", SUBMITTED, DATE))
    (ann,) = collect([path], sheet, due=datetime(2026, 11, 23, 1, 26))
    assert ann.standing.late_seconds == 3600


def test_collect_online_text_that_is_too_long_is_left_out(download, tmp_path):
    path = download({"Ada_3_assignsubmission_file/readme.md": b""})
    sheet = tmp_path / "w.csv"
    sheet.write_text(f'Identifier,Status,"Online text"\nParticipant 9,Submitted,"{"x" * 600_000}"\n')
    found = by_number(collect([path], sheet))
    assert found[9].files == ()
    assert found[9].warnings[0] == "the online text was left out: it has 585.9 KiB, the limit is 512 KiB"
