"""The terminal shows every score, takes no command from a name, and explains each failure."""

import io
from dataclasses import replace

from rich.console import Console

from grader.reports.tables import check_report, failure_blocks, scores_table
from grader.results import Condition, CriterionScore, GroupScore, Item, Outcome, Penalty, Result


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


def test_failure_blocks_tell_condition_mistake_smallest_case_and_failing_cases(wrong: Result):
    sentence = "Right in all 3 cases without padding, wrong in all 3 with padding."
    (block,) = failure_blocks(replace(wrong, conditions=(Condition("conv2d.grad_x", sentence, exact=True),)))
    assert block.splitlines() == [
        "conv2d.grad_x: wrong values 2x, timed out 1x",
        "    Right in all 3 cases without padding, wrong in all 3 with padding.",
        "    The stride is missing.",
        "    see cnn.ipynb, code cell 2, line 41, in backward: `grad = unpad(g)`",
        "    The smallest case that still fails:",
        "        yours 1, expected 0",
        "    case k2: wrong values",
        "    28 of 336 values are wrong",
        "    [1, 2, :, :]: 2 of 6 wrong (# wrong, . right)",
        "       0 .#.",
        "    stride=(2, 3)",
        "    case k4: timed out",
        "    no answer within 5 s",
        "    1 more: k3",
    ]


def test_failure_blocks_more_than_three_are_counted_by_name(wrong: Result):
    items = tuple(Item("conv2d.grad_x", f"k{i}", Outcome.RAISED, f"KeyError: {i}") for i in range(6))
    (block,) = failure_blocks(replace(wrong, items=items))
    assert block.splitlines()[-1] == "    3 more: k3, k4, k5"


def test_failure_blocks_all_passed_is_empty(right: Result):
    assert failure_blocks(right) == []


def test_failure_blocks_hidden_case_tells_no_values(wrong: Result):
    hidden = tuple(replace(item, hidden=True) for item in wrong.items)
    (block,) = failure_blocks(replace(wrong, items=hidden, diagnoses=(), counterexamples=()))
    assert block.splitlines()[:4] == [
        "conv2d.grad_x: wrong values 2x, timed out 1x",
        "    case k2: wrong values",
        "    stride=(2, 3)",
        "    case k4: timed out",
    ]


def test_check_report_tells_failures_warning_print_and_points(wrong: Result):
    text = check_report(wrong)
    assert "    The stride is missing.\n" in text
    assert "warning: line 120 was skipped: it trains\n\nYour code printed:\nepoch 1\n" in text
    assert text.splitlines()[-2:] == [
        "conv2d.grad_x                    10 / 40     1 of 4 checks passed",
        "points                           70 / 100",
    ]


def test_check_report_tells_penalties_between_criteria_and_points(right: Result):
    lost = (Penalty("modified_input", "conv2d.grad_x", 4.0, "the call changed an array"),)
    lines = check_report(replace(right, penalties=lost, points=96.0)).splitlines()
    assert lines[-2:] == [
        "the call changed an array: 4 points less in conv2d.grad_x",
        "points                           96 / 100",
    ]


def test_check_report_of_a_file_that_does_not_load_says_why_once(unloadable: Result):
    text = check_report(unloadable)
    assert text.count("SyntaxError: invalid syntax, line 3") == 1


def test_scores_table_names_penalties(right: Result):
    lost = (Penalty("modified_input", "conv2d.grad_x", 4.0, "the call changed an array"),)
    table = scores_table([replace(right, penalties=lost)], 100.0)
    assert str(next(iter(table.columns[-1].cells))) == "all right; 4 points less: modified input"


def test_failure_blocks_raised_error_shows_its_line_and_the_call_that_led_there(raising: Result):
    (block,) = failure_blocks(raising)
    assert block.splitlines() == [
        "conv2d.grad_x: raised an error 1x",
        "    case k1: raised an error",
        "    IndexError: 3",
        "    at pad.py, line 7, in unpad: `return g[:, :, p:-p]`",
        "    called from cnn.ipynb, code cell 2, line 41, in backward: `grad = unpad(g)`",
    ]


def test_failure_blocks_hidden_case_shows_no_line_that_raised(raising: Result):
    """Which line raised can depend on a hidden case's values."""
    hidden = tuple(replace(item, hidden=True) for item in raising.items)
    (block,) = failure_blocks(replace(raising, items=hidden))
    assert block == "conv2d.grad_x: raised an error 1x\n    case k1: raised an error"


def test_check_report_shows_points_by_group_where_a_check_failed(wrong: Result):
    groups = (GroupScore("basic", 6, 6, 3, 3), GroupScore("stride", 1, 4, 1, 4))
    scores = (CriterionScore("conv2d.grad_x", 7, 10, 4, 7, groups=groups), *wrong.criteria[1:])
    lines = check_report(replace(wrong, criteria=scores)).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("conv2d.grad_x   "))
    assert lines[place + 1].split() == ["basic", "6", "/", "6", "3", "of", "3", "checks", "passed"]
    assert lines[place + 2].split() == ["stride", "1", "/", "4", "1", "of", "4", "checks", "passed"]
    passed = replace(scores[0], passed=7)
    assert "basic" not in check_report(replace(wrong, criteria=(passed,)))
