import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.source.scopes import needed_by
from grader.intake.source.strip_script import only_definitions


def keep(program, wanted=()):
    text = textwrap.dedent(program)
    tree = ast.parse(text)
    return only_definitions(text, tree, needed_by(wanted, text, tree))


def kept_lines(program, wanted=()):
    return [line for line in keep(program, wanted)[0].split("\n") if line.strip()]


KEPT = [
    "import numpy as np",
    "from tqdm import tqdm",
    "def f():\n    train()",
    "async def f():\n    pass",
    "@staticmethod\ndef f():\n    pass",
    "class A:\n    x = open('f')",
    "lr = 0.1",
    "a, b = 1, [2, 3]",
    "import numpy as np\nn = 2 ** 10 - 3 * 4\nhalf = np.pi / 2",
    "x: int = 3",
    "f = lambda: open('x')",
    "'''docstring'''",
    "import numpy as np\nalias = np.float64",
    "class A:\n    pass\nA.forward = len\nB = A",
    "try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np",
    "try:\n    import cv2\nexcept ImportError:\n    print('no cv2')",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch",
    "import sys\nif sys.version_info >= (3, 9):\n    x = 1\nelse:\n    x = 2",
]
SKIPPED = [
    ("for i in range(3):\n    print(i)", "a for loop"),
    ("while True:\n    pass", "a while loop"),
    ("with open('x') as f:\n    y = f.read()", "a with block"),
    ("print('hi')", "a call of print"),
    ("x = input()", "the assignment to x"),
    ("if __name__ == '__main__':\n    x = 1", "the `if __name__` block"),
    ("import matplotlib.pyplot as plt\nplt.show()", "a call of plt.show"),
    ("x = open('f').read()", "the assignment to x"),
    ("import sys\nsys.path[0] = 'x'", "the assignment to a value"),
    ("try:\n    x = int(input())\nexcept ValueError:\n    x = 1", "a try block"),
    ("import sys\nx = sys.argv[1]", "the assignment to x"),
    ("correct, total = 0, 0\naccuracy = correct / total", "the assignment to accuracy"),
    ("import torch\nx = torch.pi * 2", "the assignment to x"),
    ("from numpy import *\nx = open('f')\nn = x.size", "the assignment to x, the assignment to n"),
    ("assert 1", "a statement (assert)"),
    ("if input():\n    x = 1", "an if block"),
    ("y = x_missing[0]", "the assignment to y"),
    ("def f(a=x_missing):\n    pass", "the function f, which needs x_missing when it is defined"),
    ("class A(Missing):\n    pass", "the class A, which needs Missing when it is defined"),
    ("x = [open(n) for n in 'ab']", "the assignment to x"),
]


@pytest.mark.parametrize("program", KEPT)
def test_only_definitions_what_defines_is_kept(program):
    assert keep(program) == (program, ())


@pytest.mark.parametrize(("program", "what"), SKIPPED)
def test_only_definitions_what_does_is_skipped_and_named(program, what):
    assert [skip.what.partition(" (graded")[0] for skip in keep(program)[1]] == [what]


def test_only_definitions_lines_keep_their_numbers():
    text, skipped = keep("import os\nfor i in range(3):\n    print(i)\n\ndef f():\n    return 1\n")
    assert text == "import os\n\n\n\ndef f():\n    return 1\n"
    assert [(skip.first, skip.last) for skip in skipped] == [(2, 3)]


def test_only_definitions_neighbours_are_told_together():
    _, skipped = keep("print(1)\nprint(2)\nfor i in []:\n    pass\nx = 1\nprint(3)\n")
    assert [(skip.first, skip.last, skip.what) for skip in skipped] == [
        (1, 4, "a call of print, a for loop"),
        (6, 6, "a call of print"),
    ]


def test_only_definitions_statements_sharing_a_line_are_told_apart():
    text, _ = keep("x = 1; print(x); y = '''a\nb'''; print(y)\nz = 3\n")
    namespace = {}
    exec(text, namespace)
    assert (namespace["x"], namespace["y"], namespace["z"]) == (1, "a\nb", 3)
    assert text.split("\n")[2] == "z = 3"


def test_only_definitions_decorated_function_is_skipped_with_its_decorator():
    assert keep("@missing\ndef f():\n    pass\n")[0] == "\n\n\n"


@pytest.mark.parametrize(
    "value",
    [
        "np.random.default_rng(0)",
        "np.array([[0.1, 0.2], [0.3, 0.4]])",
        "float('1e-8')",
        "[int(n) for n in '12']",
        "np.zeros((3, 3))",
        "dict(kernel=3)",
        "Helper(3)",
        "make(3)",
        "'a b'.split()",
    ],
)
def test_only_definitions_cheap_value_is_kept_only_if_it_is_used(value):
    program = f"import numpy as np\nclass Helper:\n    pass\ndef make(n):\n    return n\nvalue = {value}\n"
    used = program + "class Conv2d:\n    def forward(self):\n        return value\n"
    assert f"value = {value}" in kept_lines(used, {"Conv2d"})
    assert f"value = {value}" not in kept_lines(program + "class Conv2d:\n    pass\n", {"Conv2d"})


@pytest.mark.parametrize(
    "value",
    [
        "np.load('x.npy')",
        "open('x')",
        "train(3)",
        "plt.figure()",
        "np.zeros((60000, 784))",
        "load_data()",
        "model.fit(3)",
    ],
)
def test_only_definitions_costly_value_is_skipped_and_said_to_be_used(value):
    program = (
        f"import numpy as np\nvalue = {value}\nclass Conv2d:\n    def forward(self):\n        return value\n"
    )
    text, skipped = keep(program, {"Conv2d"})
    assert value not in text
    assert skipped[0].what == "the assignment to value (graded code uses it)"


def test_only_definitions_needed_value_is_kept_even_if_it_may_fail():
    program = (
        "shape = [3, 4]\nK = shape[0] / 2\nclass Conv2d:\n    k = 1\n    def f(self):\n        return K\n"
    )
    assert "K = shape[0] / 2" in kept_lines(program, {"Conv2d"})


def test_only_definitions_need_is_followed_through_helpers():
    program = """
        rng = dict(seed=1)
        def helper():
            return rng
        class Conv2d:
            def forward(self):
                return helper()
        """
    assert "rng = dict(seed=1)" in kept_lines(program, {"Conv2d"})


def test_only_definitions_local_name_is_no_need():
    program = "x = dict(a=1)\nclass Conv2d:\n    def forward(self, y):\n        x = y\n        return x\n"
    assert "x = dict(a=1)" not in kept_lines(program, {"Conv2d"})


def test_only_definitions_names_of_a_skipped_block_are_not_there():
    assert kept_lines("try:\n    a = 1\n    b = open('x')\nexcept OSError:\n    b = 2\nc = a\n") == []


def test_only_definitions_star_import_may_bring_any_name():
    assert kept_lines("from layers import *\nclass A(Layer):\n    pass\n")[1] == "class A(Layer):"


statement = st.sampled_from([program for program, _ in SKIPPED] + KEPT)


@given(st.lists(statement, max_size=6))
def test_only_definitions_result_parses_and_has_as_many_lines(statements):
    program = "\n".join(statements)
    text, skipped = keep(program)
    ast.parse(text)
    assert text.count("\n") == program.count("\n")
    lines = text.split("\n")
    assert all(not lines[n - 1].strip() for skip in skipped for n in range(skip.first, skip.last + 1))


def test_only_definitions_statement_after_a_call_over_two_lines_keeps_its_own_line():
    text = "print(\n  1); y = 2; print(y); z = 3\n"
    assert only_definitions(text, ast.parse(text), ())[0] == "\ny = 2; z = 3\n"
