"""Which tests `make test-fast` leaves out, since each starts a sandbox, a browser or processes, or draws
much; and which ones measure speed for real, so that `make test` runs them alone.
"""

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
SLOW = (
    "cli",
    "hostile",
    "quality",
    "sandbox",
    "cases/test_ground_truth.py",
    "cases/test_tolerance_draws.py",
    "feedback/mistakes/test_in_worker.py",
    "feedback/mistakes/test_survivors.py",
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, names in (("slow", SLOW), ("timed", TIMED)):
        paths = [HERE / name for name in names]
        gone = [str(path) for path in paths if not path.exists()]
        if gone:
            raise pytest.UsageError(f"{marker.upper()} names what is not there: {', '.join(gone)}")
        for item in items:
            if any(item.path.is_relative_to(path) for path in paths):
                item.add_marker(marker)
