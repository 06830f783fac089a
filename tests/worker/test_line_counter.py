"""The counter of Python operations: what it counts, where, and that it does so on every call."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.worker.line_counter import HIDDEN, Counter

LOOPS = {
    "for": "for i in range(n): pass",
    "while": "while n: n -= 1",
    "list comprehension": "[i for i in range(n)]",
    "generator expression": "sum(i for i in range(n))",
    "map": "list(map(lambda i: i, range(n)))",
    "recursion": "def down(k):\n        return k and down(k - 1)\n    down(n)",
    "vectorize": "np.vectorize(lambda i: i)(np.arange(n))",
    "apply_along_axis": "np.apply_along_axis(np.sum, 1, np.ones((n, 3)))",
    "nditer": "for i in np.nditer(np.ones(n)): pass",
    "ndindex": "for i in np.ndindex(n): pass",
    "exec": "exec('for i in range(n): pass')",
    "hidden file name": "exec(compile('for i in range(n): pass', np.__file__, 'exec'))",
}


def function(body: str, file: str = "cnn.py") -> Callable[[int], Any]:
    names: dict[str, Any] = {"np": np}
    exec(compile(f"def f(n):\n    {body}\n", file, "exec"), names)
    call: Callable[[int], Any] = names["f"]
    return call


def counted(call: Callable[[int], Any], n: int) -> np.ndarray[Any, Any]:
    counter = Counter(["cnn.py"])
    counter.record(0, lambda: call(n))
    return counter.table()


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_record_loop_grows_with_its_length(body: str) -> None:
    call = function(body)
    small, middle, large = (counted(call, n)[:, 3].sum() for n in (8, 16, 24))
    assert middle - small >= 8
    assert large - middle == middle - small


@pytest.mark.parametrize(
    "body", ["np.ones(n).sum()", "np.pad(np.ones((n, n)), 1)", "np.einsum('i,i', *np.ones((2, n)))"]
)
def test_record_array_operation_does_not_grow(body: str) -> None:
    call = function(body)
    assert counted(call, 8)[:, 3].sum() == counted(call, 16)[:, 3].sum()


def test_table_names_phase_file_and_line() -> None:
    counter = Counter(["other.py", "cnn.py"])
    call = function("x = n\n    for i in range(n): pass")
    counter.record(1, lambda: call(5))
    rows = counter.table().tolist()
    own = {line: count for phase, file, line, count in rows if (phase, file) == (1, 1)}
    assert set(own) == {1, 2, 3}
    assert own[2] == 1
    assert own[3] >= 5


def test_table_file_that_nobody_handed_in_is_hidden() -> None:
    assert counted(function("for i in range(n): pass", file="elsewhere.py"), 5)[0, 1] == HIDDEN


def test_record_returns_what_the_call_returns() -> None:
    assert Counter(["cnn.py"]).record(0, lambda: function("return n")(7)) == 7


def test_record_passes_on_what_the_call_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        Counter(["cnn.py"]).record(0, lambda: function("return n / 0")(7))
