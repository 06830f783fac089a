"""An assignment file is either right or refused with the key and what is allowed."""

import pickle

import pytest

from grader.assignment.load import CRITERIA, DEFAULT_FILE, load_assignment
from grader.errors import AssignmentError

GOOD = 'name = "A1"\n[points]\n"conv2d.forward" = 10\n"conv2d.grad_x" = 5.5\n'


@pytest.fixture
def write(tmp_path):
    def _write(text):
        path = tmp_path / "a.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_load_default_grades_all_but_average_pooling_for_a_hundred_points():
    assignment = load_assignment()
    assert set(CRITERIA) - set(assignment.points) == {"avg_pool2d.forward", "avg_pool2d.grad_x"}
    assert set(assignment.points) <= set(CRITERIA)
    assert assignment.max_points == 100
    assert assignment.interface == "layers"


def test_load_default_file_states_the_defaults(write):
    lines = ('name = "A convolutional network in NumPy"', "[points]", '"conv2d.forward" = 1')
    bare, default = load_assignment(write("\n".join(lines))), load_assignment(DEFAULT_FILE)
    for key in ("interface", "ground_truth", "whole_file", "own_forward_credit", "limits", "speed", "late"):
        assert getattr(bare, key) == getattr(default, key), key


TABLE = '[points."conv2d.grad_x"]\nbasic = 4\nstride = 2.5\n'


def test_load_points_as_a_table_are_kept_by_group_and_added_up(write):
    assignment = load_assignment(write('name = "A"\n' + TABLE + '[points]\n"conv2d.errors" = 1\n'))
    assert dict(assignment.points) == {"conv2d.grad_x": 6.5, "conv2d.errors": 1}
    assert assignment.groups == {"conv2d.grad_x": {"basic": 4, "stride": 2.5}}
    assert assignment.max_points == 7.5


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('"conv2d.grad_x" = {basic = 1, strid = 1}', r"grad_x\.strid: unknown key; did you mean 'stride'\?"),
        ('"conv2d.grad_x" = {basic = 1, ties = 1}', r"ties: unknown key; .*allowed are basic, unpadded, "),
        ('"conv2d.grad_x" = {stride = 1}', r"points\.conv2d\.grad_x\.basic: missing"),
        ('"conv2d.grad_x" = {}', r"points\.conv2d\.grad_x\.basic: missing"),
        (
            '"conv2d.grad_x" = {basic = "much"}',
            r"points\.conv2d\.grad_x\.basic: must be a valid number, .*not 'much'",
        ),
        (
            '"conv2d.grad_x" = {basic = -1}',
            r"points\.conv2d\.grad_x\.basic: must be greater than or equal to 0",
        ),
        (
            '"conv2d.errors" = {basic = 1}',
            r"points\.conv2d\.errors: its cases have no groups; give one number",
        ),
        ('"network.training" = {basic = 1}', r"training: its cases have no groups"),
        (
            '"conv2d.grd_x" = {basic = 1}',
            r"points\.conv2d\.grd_x: unknown key; did you mean 'conv2d\.grad_x'",
        ),
    ],
)
def test_load_bad_table_of_points_names_key_and_what_is_allowed(write, table, message):
    with pytest.raises(AssignmentError, match=message):
        load_assignment(write(f'name = "A"\n[points]\n{table}\n'))


def test_load_keeps_points_and_text(write):
    assignment = load_assignment(write(GOOD))
    assert dict(assignment.points) == {"conv2d.forward": 10, "conv2d.grad_x": 5.5}
    assert assignment.text == GOOD
    assert assignment.max_points == 15.5


def test_load_can_be_pickled_for_the_pool(write):
    assignment = load_assignment(write(GOOD + "[limits]\ncall_seconds = 2\n"))
    assert pickle.loads(pickle.dumps(assignment)) == assignment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 3\n[points]\n", r"name: must be a valid string, not 3"),
        ('name = "A"\n', r"points: missing; it must be given"),
        ('name = "A"\n[points]\n', r"points: at least one criterion must have more than 0 points"),
        (
            GOOD + '"conv2d.forwrd" = 1\n',
            r"points\.conv2d\.forwrd: .*did you mean 'conv2d\.forward'.*allowed are",
        ),
        (
            GOOD + '"conv2d.grad_bias" = -1\n',
            r"points\.conv2d\.grad_bias: must be greater than or equal to 0, not -1",
        ),
        (GOOD + "[limits]\ncall_secs = 1\n", r"limits\.call_secs: .*did you mean 'call_seconds'"),
        (GOOD + "[limits]\ncall_seconds = 0\n", r"limits\.call_seconds: must be greater than 0, not 0"),
        (GOOD + '[limits]\nmemory_mb = "much"\n', r"limits\.memory_mb: must be a valid .*not 'much'"),
        (GOOD + "[speed]\nfull_speedup = 0.5\n", r"speed\.full_speedup: must be greater than 1, not 0\.5"),
        (GOOD + '[speed]\nvectorised_over = ["Q"]\n', r"speed\.vectorised_over\.0: must be 'N', 'C_in'"),
        (GOOD + '[late]\nper = "week"\n', r"late\.per: must be 'day' or 'hour', not 'week'"),
        (GOOD + "[late]\npoints = 1\npercent = 1\n", r"late: give either points or percent"),
        ("text = 1\n" + GOOD, r"text: unknown key; .*allowed are name"),
        ("own_forward_credit = 2\n" + GOOD, r"own_forward_credit: must be less than or equal to 1, not 2"),
        ("name = \n", r"not TOML"),
    ],
)
def test_load_bad_value_names_key_and_what_is_allowed(write, text, message):
    with pytest.raises(AssignmentError, match=message) as caught:
        load_assignment(write(text))
    assert "a.toml" in str(caught.value)


def test_load_names_every_problem_at_once(write):
    with pytest.raises(AssignmentError) as caught:
        load_assignment(write(GOOD + "[limits]\ncall_seconds = 0\nwrong = 1\n"))
    assert str(caught.value).count("\n") == 1


def test_load_extra_criteria_are_allowed_beside_own_checks(write):
    text = GOOD + '"conv2d.identity" = 3\n'
    assert load_assignment(write(text), extra_criteria=True).points["conv2d.identity"] == 3


def test_load_missing_file_says_so(tmp_path):
    with pytest.raises(AssignmentError, match=r"none\.toml: cannot be read"):
        load_assignment(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('accepted = ["ValueErr"]', r"errors\.accepted\.0: must be the name of one of Python's exceptions"),
        ('accepted = ["print"]', r"errors\.accepted\.0: must be the name of one"),
        ("accepted = []", r"errors\.accepted: .*at least 1"),
        ("own = true", r"errors\.own: unknown key; .*allowed are accepted, own_only"),
        ('own_only = "much"', r"errors\.own_only: must be a valid boolean"),
    ],
)
def test_load_bad_errors_table_names_key_and_what_is_allowed(write, text, message):
    with pytest.raises(AssignmentError, match=message):
        load_assignment(write(GOOD + f"[errors]\n{text}\n"))


def test_load_errors_table_is_kept(write):
    errors = load_assignment(write(GOOD + '[errors]\naccepted = ["ValueError"]\nown_only = true\n')).errors
    assert (errors.accepted, errors.own_only) == (["ValueError"], True)


INTERFACE = 'name = "A"\n[points]\n"conv2d.forward" = 1\n[interface]\n'


def test_load_interface_as_a_table_says_what_is_required(write):
    assert load_assignment(write(GOOD)).required == ("stride", "padding")
    assignment = load_assignment(write(INTERFACE + 'name = "cs231n"\nrequired = ["pairs"]\n'))
    assert (assignment.interface, assignment.required) == ("cs231n", ["pairs"])
    assignment = load_assignment(write(INTERFACE + "required = []\n"))
    assert (assignment.interface, assignment.required) == ("layers", [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'required = ["strid"]',
            r"interface\.required\.0: must be 'stride', 'padding', .*not 'strid'",
        ),
        (
            'require = ["stride"]',
            r"interface\.require: unknown key; did you mean 'required'\?",
        ),
        ("name = 3", r"interface: must be a valid string"),
    ],
)
def test_load_bad_interface_table_names_key_and_what_is_allowed(write, text, message):
    with pytest.raises(AssignmentError, match=message):
        load_assignment(write(INTERFACE + text + "\n"))


def test_load_required_stands_in_the_interface_table_only(write):
    with pytest.raises(AssignmentError, match=r"required: unknown key"):
        load_assignment(write('required = ["stride"]\n' + GOOD))
