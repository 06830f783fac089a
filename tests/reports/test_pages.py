"""The pages tell all that is known, escape what students wrote, and hide what is hidden."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.grading.gradebook import Run
from grader.reports import pages
from grader.reports.pages import feedback_page, report_page
from grader.results import (
    Condition,
    CriterionScore,
    Diagnosis,
    GroupScore,
    Item,
    Outcome,
    Penalty,
    Place,
    Result,
)

STYLE = Path(pages.__file__).parent / "templates" / "style.css"
VOID = {"meta", "br", "input"}


class Reader(HTMLParser):
    """Collects a page's tags and text, and compares every end tag with its start tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def feedback(result: Result) -> Reader:
    return Reader(feedback_page(result, "Convolution"))


def test_report_page_has_every_submission_with_a_link_to_its_feedback(run: Run, everyone: list[Result]):
    page = Reader(report_page(run, everyone))
    links = {value for name, value in page.attributes if name == "href"}
    assert links == {f"feedback/{result.id}.html" for result in everyone}


def test_report_page_tells_averages_mistakes_and_hardest_cases(run: Run, everyone: list[Result]):
    text = Reader(report_page(run, everyone)).text
    assert "mean points 42.5 median points 35 drafts 1 late 1 no submission 1" in text
    assert "1 Stride ignored in grad_x conv2d.grad_x The stride is missing." in text
    assert "k2 conv2d.grad_x 1 of 2 wrong values" in text
    assert "Fay : no verdict: could not be graded: twice" in text
    assert "line 120 was skipped: it trains" in text
    assert "Run 7; numpy 2.3.5." in text


def test_report_page_empty_class_is_a_page(run: Run):
    assert "submissions 0" in Reader(report_page(run, [])).text


def test_report_page_sandbox_none_warns_and_native_does_not(run: Run, right: Result):
    unconfined = replace(run, options={"sandbox": "none"})
    assert "Graded without a sandbox." in report_page(unconfined, [right])
    assert "Graded without a sandbox." not in report_page(run, [right])


def test_report_page_asks_whether_the_interface_fits_where_most_code_never_answers(run: Run, raising: Result):
    silent = replace(run, options={"interface": "functions"})
    text = Reader(report_page(silent, [raising] * 3)).text
    doubt = "conv2d never answered under the interface functions: 3 of 3 submissions so"
    assert doubt in text
    assert doubt not in Reader(report_page(silent, [raising] * 2)).text


def test_pages_load_nothing_from_outside(run: Run, everyone: list[Result]):
    for page in (report_page(run, everyone), *(feedback_page(result, "c") for result in everyone)):
        names = {name for name, _ in Reader(page).attributes}
        assert not names & {"src", "srcset", "data", "action", "formaction", "poster", "background"}
        assert "@import" not in page
        assert "url(" not in page
        assert "<link" not in page
        assert "default-src &#39;none&#39;" in page


def test_pages_hostile_texts_add_no_tag(run: Run, hostile: Result):
    assert Reader(report_page(run, [hostile])).tags.count("script") == 1
    page = feedback(hostile)
    assert "script" not in page.tags
    assert page.text.count("<script>document.title='owned'</script>") >= 6


def test_feedback_page_name_is_isolated_from_the_text_around(right: Result):
    page = feedback_page(replace(right, name="\u202eevil"), "Convolution")
    assert "Feedback for <bdi>\u202eevil</bdi></h1>" in page


def test_feedback_page_control_characters_are_written_out(hostile: Result):
    assert "\\x1b[31m\\u202e" in feedback(hostile).text


def test_feedback_page_wrong_submission_tells_reason_then_example_then_cases(wrong: Result):
    text = feedback(wrong).text
    order = [
        "70 of 100 points",
        "Stride ignored in grad_x.",
        "See cnn.ipynb, code cell 2, line 41, in backward : grad = unpad(g)",
        "yours 1, expected 0",
        "28 of 336",
        "stride=(2, 3)",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "10 points deducted" in text
    assert "2 days begun" in text
    assert "What your code printed epoch 1" in text
    assert "2.5 times as fast as nested loops" in text
    assert "Loops that still run in Python: N, K_h." in text


def test_feedback_page_condition_stands_before_the_mistake(wrong: Result):
    sentence = "Right in all 42 cases without a remainder, wrong in all 49 with a remainder."
    text = feedback(replace(wrong, conditions=(Condition("conv2d.grad_x", sentence, exact=True),))).text
    assert text.index(sentence) < text.index("Stride ignored in grad_x.")


def test_feedback_page_penalties_are_told_with_the_points(right: Result):
    lost = tuple(
        Penalty("modified_input", name, 0.1, "the call changed an array")
        for name in ("relu.grad_x", "linear.grad_x")
    )
    text = feedback(replace(right, penalties=lost)).text
    told = "The call changed an array: 0.1 points less in relu.grad_x, 0.1 points less in linear.grad_x."
    assert text.count(told) == 1
    assert text.index("Points") < text.index(told) < text.index("Every check passed.")


def test_feedback_page_class_that_is_missing_is_one_line(right: Result):
    message = "Conv2d is not defined; there is ReLU"
    criteria = ("conv2d.forward", "conv2d.grad_x", "conv2d.errors")
    items = tuple(
        Item(name, f"k{i}", Outcome.NOT_IMPLEMENTED, message, about=f"case {i}")
        for name in criteria
        for i in range(9)
    )
    page = feedback(replace(right, items=items, criteria=()))
    assert page.text.count(message) == 1
    assert page.text.count("not implemented") == 1
    assert "conv2d.forward , conv2d.grad_x , conv2d.errors : not implemented 27x" in page.text
    assert "k0" not in page.text


def test_feedback_page_follow_up_names_its_source_and_shows_no_cases(wrong: Result):
    follows = Diagnosis(
        "x",
        "conv2d.grad_x",
        "It is right for what forward gave it.",
        "",
        None,
        3,
        "Follow-up",
        "conv2d.forward",
    )
    text = feedback(replace(wrong, diagnoses=(follows,))).text
    assert "Follows from conv2d.forward . It is right for what forward gave it." in text
    assert "yours 1, expected 0" not in text
    assert "28 of 336" not in text


def test_feedback_page_many_failing_cases_are_counted(wrong: Result):
    items = tuple(Item("conv2d.grad_x", f"k{i}", Outcome.RAISED, f"KeyError: {i}") for i in range(10))
    text = feedback(replace(wrong, items=items)).text
    assert "KeyError: 2" in text
    assert "KeyError: 3" not in text
    assert "and 7 more failing cases." in text


def test_feedback_page_unloadable_file_is_told_once(unloadable: Result):
    assert feedback(unloadable).text.count("SyntaxError: invalid syntax, line 3") == 1


def test_feedback_page_all_right_says_so(right: Result):
    assert "Every check passed." in feedback(right).text


def test_feedback_page_grader_error_shows_no_points(failed: Result):
    text = feedback(failed).text
    assert "No verdict yet." in text
    assert "of 100 points" not in text


@pytest.mark.parametrize(
    "outcome", [Outcome.WRONG_VALUE, Outcome.WRONG_SHAPE, Outcome.RAISED, Outcome.NOT_FINITE, Outcome.CRASHED]
)
def test_feedback_page_hidden_case_shows_id_and_parameters_only(right: Result, outcome: Outcome):
    """Values, shapes and errors are what a student's code can write a hidden input into."""
    secret = Item("conv2d.grad_x", "h17", outcome, "leaked 0.123456", 0.0, True, "stride=(2, 3)")
    page = feedback_page(replace(right, items=(secret,), printed="leaked 0.123456"), "Convolution")
    assert "h17" in page
    assert "stride=(2, 3)" in page
    assert "leaked" not in page
    assert "0.123456" not in page


def test_feedback_page_raised_error_shows_its_line_and_the_call_that_led_there(raising: Result):
    text = feedback(raising).text
    assert "at pad.py, line 7, in unpad : return g[:, :, p:-p]" in text
    assert "called from cnn.ipynb, code cell 2, line 41, in backward : grad = unpad(g)" in text


def test_feedback_page_hidden_case_shows_no_line_that_raised(raising: Result):
    hidden = replace(raising, items=tuple(replace(item, hidden=True) for item in raising.items))
    text = feedback(hidden).text
    assert "pad.py" not in text
    assert "line 41" not in text


def test_feedback_page_hostile_line_is_text(raising: Result):
    mark = "<script>document.title='owned'</script>"
    place = Place(f"{mark}.py", None, 1, f"x = '{mark}\x1b'", "f")
    items = tuple(replace(item, location=(place,)) for item in raising.items)
    page = feedback(replace(raising, items=items))
    assert "script" not in page.tags
    assert f"at {mark}.py, line 1, in f : x = '{mark}\\x1b'" in page.text


def test_feedback_page_hidden_set_on_unloadable_file_still_says_why(unloadable: Result):
    hidden = replace(
        unloadable, items=tuple(replace(item, hidden=True) for item in unloadable.items), printed="hello"
    )
    text = feedback(hidden).text
    assert "SyntaxError: invalid syntax, line 3" in text
    assert "hello" in text


def test_feedback_page_speed_of_classmates_has_no_names(right: Result, wrong: Result):
    page = feedback_page(right, "Convolution", [right, wrong])
    assert page.count("<circle") == 2
    assert "Bob" not in page


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2, https://www.w3.org/TR/WCAG22/)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_style_every_text_colour_has_contrast_on_every_ground(scheme: int):
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", STYLE.read_text().split(":root")[scheme + 1]))
    grounds = [colours[name] for name in ("page", "card", "code")]
    pairs = [
        (colours[name], ground)
        for name in ("ink", "soft", "accent", "bad", "warn", "good")
        for ground in grounds
    ]
    pairs += [(colours["ink"], colours[name]) for name in ("bad-fill", "warn-fill")]
    for text, ground in pairs:
        lighter, darker = sorted((luminance(text), luminance(ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ground)


def test_feedback_page_shows_points_by_group_where_a_check_failed(wrong: Result):
    groups = (GroupScore("basic", 6, 6, 3, 3), GroupScore("stride", 1.5, 4, 1, 4))
    score = CriterionScore("conv2d.grad_x", 7.5, 10, 4, 7, groups=groups)
    page = feedback_page(replace(wrong, criteria=(score,)), "A1")
    row = page[page.index('<tr class="groups">') :]
    assert re.findall(r"<span>(.*?) <small>\((.*?)\)</small></span>", row) == [
        ("basic 6 of 6", "3 of 3"),
        ("stride 1.5 of 4", "1 of 4"),
    ]
    assert '<tr class="groups">' not in feedback_page(
        replace(wrong, criteria=(replace(score, passed=7),)), "A1"
    )
