"""A real browser opens the report: nothing of a student's runs, sorting and filtering work.

Needs Debian's package chromium, which draws the page as people see it.
"""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from grader.grading.gradebook import Run
from grader.reports.pages import feedback_page, report_page
from grader.results import Result

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
# Each would change the title, were it to run.
ATTACKS = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    '"><svg onload="document.title=\'owned\'">',
    "'></bdi></a><iframe srcdoc=\"<script>parent.document.title='owned'</script>\">",
    "javascript:document.title='owned'",
    "</title><script>document.title='owned'</script>",
    "{{ 7 * 7 }}",
    "\u202edesrever",
    "=cmd|' /C calc'!A0",
)


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium")
    assert found, "these tests need a browser: install Debian's chromium (apt-get install chromium)"
    return found


def run_browser(browser: str, page: Path, *options: str) -> str:
    profile = page.parent / "profile"
    command = [browser, *FLAGS, f"--user-data-dir={profile}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode("utf-8")


def dom_after(browser: str, page: str, folder: Path, script: str = "") -> str:
    """Return the document that the browser has after running the page, and then `script`."""
    path = folder / "page.html"
    if script:
        # A test's own script needs a page without the policy that forbids it.
        page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        page = page.replace("</body>", f"<script>{script}</script></body>")
    path.write_bytes(page.encode("utf-8"))
    return run_browser(browser, path, "--dump-dom")


@pytest.fixture
def hostile_class(right: Result) -> list[Result]:
    return [
        replace(
            right,
            id=f"s{i}",
            name=attack,
            points=10.0 * i,
            warnings=(attack,),
            files=(attack,),
            printed=attack,
        )
        for i, attack in enumerate(ATTACKS)
    ]


def title(dom: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert found
    return found.group(1)


def test_report_page_hostile_names_run_nothing(
    browser: str, tmp_path: Path, run: Run, hostile_class: list[Result]
):
    dom = dom_after(browser, report_page(run, hostile_class), tmp_path)
    assert title(dom) == "Scores: Convolution"
    assert dom.count("<script") == 1
    assert not re.search(r"<(img|iframe|svg onload)", dom)
    # The page's own script did run: it made the headers clickable.
    assert dom.count("<button") == 7


def test_report_page_escaping_alone_would_do(
    browser: str, tmp_path: Path, run: Run, hostile_class: list[Result]
):
    """Without the content policy nothing of a student's runs either."""
    dom = dom_after(browser, report_page(run, hostile_class), tmp_path, "void 0")
    assert title(dom) == "Scores: Convolution"


def test_report_page_policy_alone_would_do(browser: str, tmp_path: Path, run: Run, right: Result):
    """Even a script that stood in the page unescaped is not run."""
    page = report_page(run, [right]).replace("<main>", f"<main>{ATTACKS[0]}{ATTACKS[1]}")
    assert title(dom_after(browser, page, tmp_path)) == "Scores: Convolution"


def test_feedback_page_hostile_texts_run_nothing(browser: str, tmp_path: Path, hostile_class: list[Result]):
    for result in hostile_class[:3]:
        dom = dom_after(browser, feedback_page(result, "Convolution"), tmp_path)
        assert title(dom).startswith("Feedback: ")
        assert "<script" not in dom


def shown_order(dom: str) -> list[str]:
    rows = re.findall(
        r'<tr( hidden="")?>\s*<th scope="row" class="name".*?<code>(.*?)</code>', dom, re.DOTALL
    )
    return [name for hidden, name in rows if not hidden]


def click(column: int, times: int = 1) -> str:
    return f"document.querySelectorAll('#scores thead button')[{column}].click();" * times


@pytest.fixture
def class_of_four(right: Result) -> list[Result]:
    points = {"b": 9.0, "d": 100.0, "a": 30.5}
    graded = [replace(right, id=name, name=f"Student {name}", points=value) for name, value in points.items()]
    return [*graded, replace(right, id="c", name="Student c", status="grader_error")]


@pytest.mark.parametrize(
    ("script", "order"),
    [
        ("void 0", ["b", "d", "a", "c"]),
        (click(0), ["a", "b", "c", "d"]),
        (click(0, 2), ["d", "c", "b", "a"]),
        (click(2), ["d", "a", "b", "c"]),
        (click(2, 2), ["b", "a", "d", "c"]),
    ],
    ids=["as it is", "names", "names again", "points", "points again: no verdict stays last"],
)
def test_report_page_click_on_a_header_sorts(
    browser: str, tmp_path: Path, run: Run, class_of_four: list[Result], script: str, order: list[str]
):
    assert shown_order(dom_after(browser, report_page(run, class_of_four), tmp_path, script)) == order


def test_report_page_filter_leaves_the_rows_with_the_words(
    browser: str, tmp_path: Path, run: Run, class_of_four: list[Result]
):
    script = (
        "const box = document.querySelector('input'); box.value = 'DENT A';"
        "box.dispatchEvent(new Event('input'));"
    )
    dom = dom_after(browser, report_page(run, class_of_four), tmp_path, script)
    assert shown_order(dom) == ["a"]
    assert "1 of 4" in dom


def test_report_page_narrow_window_scrolls_the_table_not_the_page(
    browser: str, tmp_path: Path, run: Run, class_of_four: list[Result]
):
    script = (
        "document.title = document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        " ? 'fits' : 'too wide'"
    )
    path = tmp_path / "page.html"
    dom_after(browser, report_page(run, class_of_four), tmp_path, script)
    assert title(run_browser(browser, path, "--window-size=500,900", "--dump-dom")) == "fits"


def test_report_page_is_drawn(browser: str, tmp_path: Path, run: Run, class_of_four: list[Result]):
    (tmp_path / "page.html").write_text(report_page(run, class_of_four), encoding="utf-8")
    picture = tmp_path / "page.png"
    run_browser(browser, tmp_path / "page.html", f"--screenshot={picture}", "--window-size=800,600")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000
