import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.moodle.worksheet import parse_worksheet, read_worksheet

HEADER = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
)
ROW = (
    '"Participant 9","Sean O\'Brien",s9@example.com,"Submitted for grading -  - ",93.00,100.00,Yes,'
    '"Monday, 23 November 2026, 2:26 AM",-,"omit"\n'
)


def test_read_worksheet_as_moodle_writes_it(tmp_path):
    path = tmp_path / "w.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + ROW).encode())
    (row,) = read_worksheet(path).rows
    assert (row.participant, row.identifier, row.name, row.email) == (
        9,
        "Participant 9",
        "Sean O'Brien",
        "s9@example.com",
    )
    assert (row.status, row.grade, row.maximum) == ("Submitted for grading -  -", "93.00", "100.00")
    assert (row.submitted, row.graded, row.feedback) == ("Monday, 23 November 2026, 2:26 AM", "-", "omit")
    assert (row.id_number, row.group, row.scale, row.online_text) == ("", "", "", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_read_worksheet_bengali_name_in_any_encoding(tmp_path, encoding):
    path = tmp_path / "w.csv"
    path.write_bytes((HEADER + ROW.replace("Sean O'Brien", "মোঃ রফিকুল")).encode(encoding))
    assert read_worksheet(path).rows[0].name == "মোঃ রফিকুল"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_parse_worksheet_saved_by_a_spreadsheet_with_another_delimiter(delimiter):
    text = delimiter.join(["Identifier", "Full name", "Status"]) + "\r\n"
    text += delimiter.join(["Participant 3", "Ann, B.", "Draft (not submitted)"]) + "\r\n"
    (row,) = parse_worksheet(text).rows
    assert (row.participant, row.name, row.status) == (3, "Ann, B.", "Draft (not submitted)")


def test_parse_worksheet_blind_has_neither_name_nor_mail():
    (row,) = parse_worksheet('Identifier,Status,Grade\n"Participant 18",No submission,\n').rows
    assert (row.participant, row.name, row.email) == (18, "", "")


def test_parse_worksheet_id_number_group_and_scale_are_read():
    sheet = parse_worksheet(
        'Identifier,"ID number",Status,Group,Scale\nParticipant 2,1805003,Draft,"Team_A 1",A B\n'
    )
    (row,) = sheet.rows
    assert (row.id_number, row.group, row.scale) == ("1805003", "Team_A 1", "A B")
    assert sheet.is_team


def test_parse_worksheet_identifier_in_another_language_is_read_by_its_number():
    assert parse_worksheet("Identifier,Status\nTeilnehmer/in 7,x\n").rows[0].participant == 7


def test_parse_worksheet_header_only_has_no_rows_and_says_so():
    sheet = parse_worksheet(HEADER, "w.csv")
    assert sheet.rows == ()
    assert "lists no students" in sheet.warnings[0]


def test_parse_worksheet_line_breaks_and_quotes_in_feedback_stay():
    text = 'Identifier,Status,Feedback comments\nParticipant 1,Draft,"a\nb ""c"""\n'
    assert parse_worksheet(text).rows[0].feedback == 'a\nb "c"'


def test_parse_worksheet_participant_twice_takes_the_last_and_says_so():
    sheet = parse_worksheet("Identifier,Status\nParticipant 1,Draft\nParticipant 1,Reopened\n", "w.csv")
    assert [row.status for row in sheet.rows] == ["Reopened"]
    assert sheet.warnings == ("w.csv, line 3: Participant 1 appears twice; the last row counts",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Name,Points\nAnn,3\n",
            "not a grading worksheet, no column Identifier; its columns are 'Name', 'Points'",
        ),
        ("Identifier,Grade\nParticipant 1,3\n", "no column Status"),
        ("", "no column Identifier"),
        ("Identifier,Status\nParticipant 1\n", "w.csv, line 2: 1 fields, but the header has 2"),
        ("Identifier,Status\n1805003x,Draft\n", "w.csv, line 2: the Identifier '1805003x' does not end in"),
        ('Identifier,Status\n"Participant 1,Draft\n', "w.csv, line 2: not valid CSV"),
    ],
)
def test_parse_worksheet_other_file_is_an_error_that_says_where(text, message):
    with pytest.raises(SubmissionError, match=message):
        parse_worksheet(text, "w.csv")


def test_read_worksheet_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(SubmissionError, match=r"none\.csv: the worksheet cannot be read: No such file"):
        read_worksheet(tmp_path / "none.csv")


def test_parse_worksheet_online_text_longer_than_the_csv_default_is_read():
    text = f'Identifier,Status,"Online text"\nParticipant 1,Draft,"{"x" * 200_000}"\n'
    assert len(parse_worksheet(text).rows[0].online_text) == 200_000


@given(st.text(st.sampled_from('Identifier,Status\n"Partcpn 1;\t\r\0'), max_size=80))
def test_parse_worksheet_any_text_is_read_or_refused_in_words(text):
    with contextlib.suppress(SubmissionError):
        parse_worksheet("Identifier,Status\n" + text)


def test_parse_worksheet_of_more_rows_or_columns_than_a_course_has_is_refused():
    with pytest.raises(SubmissionError, match="w: more than 50000 rows"):
        parse_worksheet(HEADER + ROW * 50_001, "w")
    with pytest.raises(SubmissionError, match="w: 310 columns; the limit is 200"):
        parse_worksheet(HEADER.strip() + ",x" * 300 + "\n", "w")


def test_parse_worksheet_texts_without_end_are_cut():
    """The patterns for dates and lateness take quadratic time in the length of the Status."""
    (row,) = parse_worksheet(HEADER + ROW.replace("Submitted", "1 day " * 100_000), "w").rows
    assert row.status == ("1 day " * 200)[:1_000].strip()
