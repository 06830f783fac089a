"""Which tests `make test-fast` leaves out, since each starts a sandbox, a browser or processes, or draws
much; and which ones measure speed for real, so that `make test` runs them alone. Fresh questions are drawn
once for all tests, and from a seed, so that they are the same tomorrow.
"""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from grader.cases.generate.fresh import draw_set
from grader.grading import questions

HERE = Path(__file__).parent
SLOW = (
    "cli",
    "fuzz",
    "hostile",
    "quality",
    "sandbox",
    "cases/test_ground_truth.py",
    "cases/test_tolerance.py",
    "cases/generate/test_sources.py",
    "feedback/mistakes/test_in_worker.py",
    "feedback/mistakes/test_survivors.py",
    "grading/test_explain.py",
    "grading/test_questions.py",
    "intake/source/test_costs.py",
    "intake/submissions/test_costs.py",
    "reference/test_derivation.py",
    "reference/test_train.py",
    "reports/test_pages_browser.py",
    "speed/test_judge.py",
    "speed/test_python_loops.py",
    "worker/interface/test_correct_apis.py",
    "worker/interface/test_documentation.py",
    "worker/interface/test_sentences.py",
)
"""Folders and files below `tests`; a single test elsewhere is marked ``@pytest.mark.slow``."""

TIMED = ("cli/test_samples.py", "speed/test_judge.py", "speed/test_python_loops.py")
"""Files whose results depend on a real measurement, which other tests on the same two cores disturb."""

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def drawn_questions(tmp_path_factory):
    """Return a folder of fresh questions that are the same in each run of the tests."""
    folder = tmp_path_factory.mktemp("drawn") / "questions"
    draw_set(folder, seed=1)
    return folder


@pytest.fixture(scope="session", autouse=True)
def questions_from_a_seed(request):
    """Give every results folder those questions, without the seconds that it takes to draw them."""

    def copy(folder):
        shutil.copytree(request.getfixturevalue("drawn_questions"), folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(questions, "draw_fresh_set", copy)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, names in (("slow", SLOW), ("timed", TIMED)):
        paths = [HERE / name for name in names]
        gone = [str(path) for path in paths if not path.exists()]
        if gone:
            raise pytest.UsageError(f"{marker.upper()} names what is not there: {', '.join(gone)}")
        for item in items:
            if any(item.path.is_relative_to(path) for path in paths):
                item.add_marker(marker)
