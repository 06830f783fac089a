import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.source.parse import Unparsable, parse


def test_parse_tabs_mixed_with_spaces_are_expanded_and_told():
    parsed = parse("def f():\n\tx = 1\n        return x\n")
    assert parsed.text == "def f():\n        x = 1\n        return x\n"
    assert parsed.warnings == ("tabs and spaces are mixed; every tab was read as 8 columns",)


def test_parse_tabs_of_four_columns_are_tried_too():
    parsed = parse("def f():\n    x = 1\n\treturn x\n")
    assert parsed.warnings == ("tabs and spaces are mixed; every tab was read as 4 columns",)


def test_parse_consistent_tabs_stay():
    assert parse("def f():\n\treturn '\t'\n").warnings == ()


def test_parse_spaces_copied_from_a_page_are_repaired_and_told():
    parsed = parse("def f():\n\xa0\xa0\xa0\xa0return\xa01\n")
    assert "    return 1" in parsed.text
    assert "copied from a web page" in parsed.warnings[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('x = 1\nprint "loss", x\n', 2),
        ("print x\n", 1),
        ("try:\n    pass\nexcept IOError, e:\n    pass\n", 3),
        ("if a <> b:\n    pass\n", 1),
        ("x = 0777\n", 1),
        ("exec 'x'\n", 1),
        ("raise ValueError, 'x'\n", 1),
    ],
)
def test_parse_python_2_is_named_as_such_with_its_line(text, line):
    with pytest.raises(Unparsable, match="it is written for Python 2") as caught:
        parse(text)
    assert caught.value.line == line


def test_parse_syntax_error_quotes_the_line():
    with pytest.raises(Unparsable, match=r"SyntaxError: .*: def f\(:") as caught:
        parse("x = 1\ndef f(:\n    pass\n")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000,
        "x = " + "-" * 200_000 + "1",
        "x = " + "1+" * 20_000 + "1",
        "a" + ".a" * 50_000,
        "a" + "()" * 50_000,
        "9" * 100_000,
        "a\0b",
        "x = '\ud800'",
        "if 1:\n pass\n" + "elif 1:\n pass\n" * 20_000,
        "{" * 150,
        "f'" + "{" * 300,
        "lambda: " * 20_000 + "1",
        "x = 1\n" * 60_000,
    ],
    ids=lambda text: text[:12],
)
def test_parse_hostile_text_gives_a_short_sentence(text):
    with pytest.raises(Unparsable) as caught:
        parse(text)
    assert 0 < len(str(caught.value)) < 400


def test_parse_long_table_of_numbers_is_read():
    assert len(parse("weights = [" + "0.5, -1, " * 60_000 + "]").tree.body) == 1


@given(st.text(st.sampled_from("ab=()[]:'\"\n\t #\\{}1.,%!\0\ud800"), max_size=60))
def test_parse_any_text_gives_a_tree_or_a_sentence(text):
    try:
        parsed = parse(text)
    except Unparsable as problem:
        assert problem.args[0]  # noqa: PT017 - either end is right
    else:
        assert parsed.text.count("\n") == text.count("\n")
