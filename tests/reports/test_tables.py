"""The terminal shows every score, takes no command from a name, and explains each failure."""

import io
from dataclasses import replace

from rich.console import Console

from grader.reports.tables import check_report, failure_blocks, scores_table
from grader.results import Result


def printed(results: list[Result], width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, color_system="truecolor", force_terminal=True)
    console.print(scores_table(results, 100.0))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_scores_table_has_one_row_a_submission_with_points_by_criterion(right: Result, wrong: Result):
    table = scores_table([right, wrong], 100.0)
    assert [str(column.header) for column in table.columns] == [
        "id",
        "points\n/100",
        "forward\n/60",
        "grad_x\n/40",
        "what went wrong",
    ]
    cells = [[str(cell) for cell in column.cells] for column in table.columns]
    assert cells[:4] == [["ada", "bob"], ["100", "70"], ["60.0", "60.0"], ["40.0", "10.0"]]
    assert cells[4][0] == "all right"
    assert cells[4][1].startswith(
        "draft, not submitted; 1 day 3 h late; 10 points deducted; Stride ignored in grad_x; "
    )


def test_scores_table_grader_error_has_no_points(right: Result, failed: Result):
    table = scores_table([right, failed], 100.0)
    assert [str(column.cells.__iter__().__next__()) for column in table.columns][1] == "100"
    assert [str(list(column.cells)[1]) for column in table.columns][:4] == ["fay", "-", "-", "-"]


def test_scores_table_id_with_markup_and_escapes_is_plain_text(right: Result):
    text = printed([replace(right, id="[red]x\x1b]0;owned\x07")])
    assert "[red]x\\x1b]0;owned\\x07" in text
    assert "\x1b]0;" not in text


def test_scores_table_at_eighty_columns_keeps_every_number(wrong: Result):
    text = printed([wrong], width=80)
    assert all(line == line[:200] for line in text.splitlines())
    assert "60.0" in text
    assert "10.0" in text


def test_failure_blocks_wrong_value_has_case_parameters_message_and_picture(wrong: Result):
    assert failure_blocks(wrong.items)[0].splitlines() == [
        "conv2d.grad_x, case k2: wrong values",
        "    stride=(2, 3)",
        "    28 of 336 values are wrong",
        "    [1, 2, :, :]: 2 of 6 wrong (# wrong, . right)",
        "       0 .#.",
    ]


def test_failure_blocks_more_than_asked_are_counted_by_name(wrong: Result):
    blocks = failure_blocks(wrong.items, most=1)
    assert blocks[1:] == ["conv2d.grad_x, 2 more: k3, k4"]


def test_failure_blocks_all_passed_is_empty(right: Result):
    assert failure_blocks(right.items) == []


def test_failure_blocks_hidden_case_tells_no_values(wrong: Result):
    hidden = [replace(item, hidden=True) for item in wrong.items]
    assert failure_blocks(hidden)[0].splitlines() == [
        "conv2d.grad_x, case k2: wrong values",
        "    stride=(2, 3)",
    ]


def test_check_report_tells_failures_reason_example_warning_and_points(wrong: Result):
    text = check_report(wrong)
    assert (
        "conv2d.grad_x: The stride is missing.\n"
        "    see cnn.ipynb, code cell 2, line 41, in backward: `grad = unpad(g)`\n"
    ) in text
    assert "Smallest failing case of conv2d.grad_x\nyours 1, expected 0" in text
    assert "warning: line 120 was skipped: it trains\n\nYour code printed:\nepoch 1\n" in text
    assert text.splitlines()[-2:] == [
        "conv2d.grad_x                    10 / 40     1 of 4 checks passed",
        "points                           70 / 100",
    ]


def test_failure_blocks_raised_error_shows_its_line_and_the_call_that_led_there(raising: Result):
    (block,) = failure_blocks(raising.items)
    assert block.splitlines() == [
        "conv2d.grad_x, case k1: raised an error",
        "    IndexError: 3",
        "    at pad.py, line 7, in unpad: `return g[:, :, p:-p]`",
        "    called from cnn.ipynb, code cell 2, line 41, in backward: `grad = unpad(g)`",
    ]


def test_failure_blocks_hidden_case_shows_no_line_that_raised(raising: Result):
    """Which line raised can depend on a hidden case's values."""
    (block,) = failure_blocks([replace(item, hidden=True) for item in raising.items])
    assert block == "conv2d.grad_x, case k1: raised an error"
