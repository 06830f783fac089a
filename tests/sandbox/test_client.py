"""Whatever a submission does, each call gets its outcome in bounded time, on every backend."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from grader.intake.source import Listing, Program
from grader.results import Outcome, Place
from grader.sandbox import open_backend

RENAMED = "class ReLU:\n    def fprop(self, x):\n        return x\n    def back(self, g):\n        return g\n"
OS = "os = sys.modules['os']\n"


def test_run_honest_layer_returns_every_part(relu, backend):
    answers, client = relu(backend)
    np.testing.assert_array_equal(answers["output"].array, [-0.0, -0.0, -0.0, 0.0, 1.0, 2.0])
    np.testing.assert_array_equal(answers["grad_x"].array, np.ones(6))
    assert [answer.outcome for answer in answers.values()] == [None, None]
    assert client.printed == ""


def test_run_forward_answered_before_backward_fails_stands(relu, backend):
    answers, _ = relu(backend, backward="raise TypeError('no')")
    assert answers["output"].outcome is None
    assert answers["grad_x"].outcome is Outcome.RAISED
    assert answers["grad_x"].message == "TypeError: no"
    assert answers["grad_x"].location == (Place("cnn.py", None, 6, "raise TypeError('no')", "backward"),)


def test_run_failure_has_the_line_that_raised_and_the_students_calls_that_led_there(open_client, plain, ask):
    pad = "def pad(x):\n    return x[99]\n"
    text = (
        "# cell 1\nfrom pad import pad\n# cell 2\nclass ReLU:\n"
        "    def forward(self, x):\n        return self.apply(x)\n"
        "    def apply(self, x):\n        return pad(x)\n"
    )
    listings = {"hw.ipynb": Listing("hw.ipynb", text, (1, 3)), "pad.py": Listing("lib/pad.py", pad)}
    client = open_client(plain, Program("hw.ipynb", {"hw.ipynb": text, "pad.py": pad}, listings=listings))
    place = (
        Place("lib/pad.py", None, 2, "return x[99]", "pad"),
        Place("hw.ipynb", 2, 5, "return pad(x)", "apply"),
        Place("hw.ipynb", 2, 3, "return self.apply(x)", "forward"),
    )
    assert [answer.location for answer in ask(client).values()] == [place, place]


def test_run_program_that_cannot_be_loaded_says_where_in_every_answer(open_client, plain, ask):
    answers = ask(open_client(plain, "import numpy as np\nx = np.nothing\n"))
    assert answers["output"].outcome is Outcome.IMPORT_FAILED
    assert answers["output"].message.startswith("AttributeError: module 'numpy' has no attribute 'nothing'")
    place = Place("cnn.py", None, 2, "x = np.nothing")
    assert [answer.location for answer in answers.values()] == [(place,), (place,)]


def test_run_broken_helper_names_the_helper_and_the_import(open_client, plain, ask):
    modules = {"cnn.py": "import numpy\nimport pad\n", "pad.py": "x = 1\ndef f(:\n"}
    answers = ask(open_client(plain, Program("cnn.py", modules)))
    assert answers["output"].message == "SyntaxError: invalid syntax"
    assert answers["output"].location == (
        Place("pad.py", None, 2, "def f(:"),
        Place("cnn.py", None, 2, "import pad"),
    )


def test_run_forged_frames_name_lines_of_the_source_alone(relu, plain):
    """A worker that lies about its frames can only pick among the student's own lines."""
    lie = "exec(compile('\\n' * 500 + 'raise KeyError', 'cnn.py', 'exec'))"
    answers, _ = relu(plain, forward=lie)
    assert answers["output"].outcome is Outcome.RAISED
    assert answers["output"].location == (Place("cnn.py", None, 4, lie, "forward"),)


FAILURES = {
    "exception": ("return x.nothing", Outcome.RAISED, "AttributeError"),
    "exit": ("sys.exit(3)", Outcome.RAISED, "called exit()"),
    "base exception": ("raise KeyboardInterrupt", Outcome.RAISED, "KeyboardInterrupt"),
    "recursion": ("return self.forward(x)", Outcome.RAISED, "RecursionError"),
    "input": ("return float(input())", Outcome.RAISED, "input() has nothing to read"),
    "nothing returned": ("return", Outcome.NOT_IMPLEMENTED, "returned nothing (None)"),
    "not implemented": ("raise NotImplementedError", Outcome.NOT_IMPLEMENTED, "not written yet"),
    "a list": ("return ['no'] * 6", Outcome.WRONG_DTYPE, "a list of 6"),
    "a subclass": ("return np.ma.array(x)", Outcome.WRONG_DTYPE, "MaskedArray"),
    "objects": ("return x.astype(object)", Outcome.WRONG_DTYPE, "dtype object"),
    "too large": ("return np.zeros(1 << 21)", Outcome.WRONG_SHAPE, "too large to be right"),
    "memory": ("return np.ones(10 << 27)", Outcome.OUT_OF_MEMORY, "more than the 200 MiB"),
    "os._exit": (OS + "os._exit(7)", Outcome.CRASHED, "exit code 7"),
    "view out of bounds": (
        "return np.lib.stride_tricks.as_strided(x, (9,), (8,))",
        Outcome.OUT_OF_BOUNDS_VIEW,
        "24 bytes past the end",
    ),
    "segmentation fault": (
        "import numpy.ctypeslib\nsys.modules['ctypes'].string_at(0)",
        Outcome.CRASHED,
        "ended by SIGSEGV",
    ),
    "endless loop": ("while True: pass", Outcome.TIMED_OUT, "no answer within 0.5 s"),
    "endless loop in C": ("return np.array(sum(iter(int, 1)))", Outcome.TIMED_OUT, "no answer within 0.5 s"),
    "sleep": ("import time\ntime.sleep(99)", Outcome.TIMED_OUT, "no answer within 0.5 s"),
    "output": ("while True: print('x' * 100000)", Outcome.TOO_MUCH_OUTPUT, "more than the 1 MiB"),
    "closed pipe": (OS + "os.closerange(3, 20)\nreturn x", Outcome.CRASHED, ""),
}


@pytest.mark.parametrize(("forward", "outcome", "message"), FAILURES.values(), ids=FAILURES)
def test_run_failing_forward_gets_its_outcome_and_the_next_call_an_answer(
    relu, native, forward, outcome, message
):
    started = time.monotonic()
    tight = {"call_seconds": 0.5, "memory_mb": 200, "output_mb": 1, "payload_mb": 8}
    answers, client = relu(native, f"if len(x) == 6:\n{indent(forward)}\nreturn x", **tight)
    assert answers["output"].outcome is outcome
    assert message in answers["output"].message
    reply = client.run("relu", {}, {"x": np.ones(2), "grad_output": np.ones(2)}, parts=("output",))
    np.testing.assert_array_equal(reply.answers["output"].array, [1, 1])
    assert time.monotonic() - started < 5


def indent(code: str) -> str:
    return "\n".join("    " + line for line in code.splitlines())


@pytest.mark.parametrize("name", ["memory", "os._exit", "segmentation fault", "endless loop", "output"])
def test_run_failing_forward_without_confinement_gets_the_same_outcome(relu, plain, name):
    forward, outcome, message = FAILURES[name]
    answers, _ = relu(plain, forward, call_seconds=0.5, memory_mb=200, output_mb=1)
    assert answers["output"].outcome is outcome
    assert message in answers["output"].message


def test_run_third_time_out_of_a_part_is_the_last_call(relu, ask, native):
    answers, client = relu(native, backward="while True: pass", call_seconds=0.1)
    outcomes = [answers["grad_x"].outcome] + [ask(client)["grad_x"].outcome for _ in range(3)]
    assert outcomes == [Outcome.TIMED_OUT] * 3 + [Outcome.NOT_RUN]
    last = ask(client)
    assert last["grad_x"].message == "not called again after 3 time-outs"
    assert last["output"].outcome is None


def test_run_over_the_submission_budget_is_not_called_any_more(relu, ask, native):
    _, client = relu(native, "import time\ntime.sleep(0.4)\nreturn x", submission_seconds=1.0)
    outcomes = [ask(client)["output"].outcome for _ in range(3)]
    assert outcomes[-1] is Outcome.TIMED_OUT
    started = time.monotonic()
    assert "1 s for the whole submission" in ask(client)["output"].message
    assert time.monotonic() - started < 0.1


def test_run_more_processor_time_than_allowed_says_so(relu, native):
    answers, _ = relu(native, "while True: pass", call_seconds=9.0, call_cpu_seconds=0.3)
    assert answers["output"].outcome is Outcome.TIMED_OUT
    assert "0.3 s of processor time" in answers["output"].message


LOADING = {
    "syntax": ("class ReLU:\n  def forward(self x): pass", Outcome.IMPORT_FAILED, "SyntaxError"),
    "exception": ("1 / 0", Outcome.IMPORT_FAILED, "ZeroDivisionError: division by zero"),
    "exit": ("exit(1)", Outcome.IMPORT_FAILED, ""),
    "endless": ("while True: pass", Outcome.TIMED_OUT, "loading took more than 0.5 s"),
    "death": ("import sys\nsys.modules['os']._exit(1)", Outcome.CRASHED, "exit code 1"),
    "memory": ("x = 'x' * (1 << 33)", Outcome.OUT_OF_MEMORY, "MiB"),
    "empty": ("", Outcome.NOT_IMPLEMENTED, "ReLU is not defined"),
    "megabytes": ("x = '" + "x" * (2 << 20) + "'", Outcome.IMPORT_FAILED, "too much source text"),
}


@pytest.mark.parametrize(("source", "outcome", "message"), LOADING.values(), ids=LOADING)
def test_run_program_that_does_not_load_gets_its_outcome_at_every_call(
    open_client, ask, native, source, outcome, message
):
    client = open_client(native, source, load_seconds=0.5)
    for answer in [*ask(client).values(), *ask(client).values()]:
        assert answer.outcome is outcome
        assert message in answer.message


def test_run_program_with_an_error_of_reading_is_not_started(open_client, ask, layer, native):
    client = open_client(native, layer("return x"))
    client.close()
    program = Program("", {}, error="no file holds ReLU")
    broken = type(client)(program, "", {}, (), client._budget.limits, native)
    assert ask(broken)["output"].outcome is Outcome.IMPORT_FAILED
    assert ask(broken)["output"].message == "no file holds ReLU"


def test_run_refused_import_is_inert_until_called_and_named(open_client, ask, layer, native):
    source = layer("return torch.relu(x)", head="import torch, torch.nn as nn\nclass N(nn.Module): pass")
    client = open_client(native, source)
    answer = ask(client)["output"]
    assert answer.outcome is Outcome.RAISED
    assert answer.message == (
        "ImportError: torch.relu was called, but torch may not be used in this assignment"
    )
    assert client.stand_ins == {"torch": "may not be used in this assignment"}


def test_run_progress_bar_passes_its_iterable_through(open_client, ask, layer, native):
    head = "import numpy as np\nfrom tqdm import tqdm"
    client = open_client(native, layer("return np.array([v for v in tqdm(x)])", head=head))
    np.testing.assert_array_equal(ask(client)["output"].array, np.arange(-3.0, 3.0))


def test_run_modified_input_is_named(relu, native, open_client, layer):
    client = open_client(native, layer("x[0] = 9\nreturn x"))
    reply = client.run("relu", {}, {"x": np.zeros(3), "grad_output": np.ones(3)}, parts=("output", "grad_x"))
    assert {part: answer.modified for part, answer in reply.answers.items()} == {
        "output": ("x",),
        "grad_x": (),
    }


def test_printed_of_several_workers_is_kept_in_order(relu, ask, native):
    _, client = relu(native, OS + "print('é', flush=False)\nsys.stderr.write('!')\nos._exit(0)")
    ask(client)
    assert client.printed == "é\n!é\n!"


def test_printed_flood_keeps_beginning_and_end(relu, native):
    _, client = relu(native, "print('start' + 'x' * 200_000 + 'end')\nreturn x")
    client.close()  # what was printed may arrive after the answer
    assert client.printed.startswith("startxxx")
    assert client.printed.endswith("xxxend\n")
    assert "134473 bytes left out" in client.printed


def test_time_returns_each_parts_own_times(open_client, layer, native):
    busy = "t = time.process_time()\nwhile time.process_time() - t < {}: pass\nreturn {}"
    source = layer(busy.format(0.2, "x"), busy.format(0.1, "g"), head="import time")
    client = open_client(native, source)
    arrays = {"x": np.ones(4), "grad_output": np.full(4, 2.0)}
    answers = client.time("relu", {}, arrays, parts=("output", "grad_x")).answers
    assert 0.2 <= answers["output"].cpu_seconds < 2 * 0.2
    assert 0.1 <= answers["grad_x"].cpu_seconds < 2 * 0.1
    np.testing.assert_array_equal(answers["grad_x"].array, arrays["grad_output"])


def test_time_ends_with_a_clock_that_is_up_to_date(open_client, layer, native):
    # A running process's clock is brought up to date every few milliseconds only.
    work = "t = time.process_time()\nwhile time.process_time() - t < 0.001: pass\nreturn x"
    client = open_client(native, layer(work, head="import time"))
    for _ in range(10):
        arrays = {"x": np.ones(4), "grad_output": np.ones(4)}
        before = client.cpu_seconds
        answers = client.time("relu", {}, arrays, parts=("output", "grad_x")).answers
        used = client.cpu_seconds
        assert 0.001 <= answers["output"].cpu_seconds <= used - before
        time.sleep(0.006)
        assert client.cpu_seconds == used


def test_run_package_that_the_assignment_allows_can_be_imported(open_client, ask, layer):
    source = layer(
        "return attr.asdict(Box(x))['value']",
        head="import attr, pluggy\nBox = attr.make_class('Box', ['value'])",
    )
    with open_backend(
        "native", packages=("numpy", "attr", "os", "syslog", "_abc", "a.b", "not_installed_at_all")
    ) as backend:
        client = open_client(backend, source, imports=("attr", "pluggy", "not_installed_at_all"))
        np.testing.assert_array_equal(ask(client)["output"].array, np.arange(-3.0, 3.0))
        assert client.stand_ins == {"pluggy": "is not installed here"}


def test_other_names_are_those_that_the_source_has(native, open_client):
    """A worker that knows hidden numbers could else write them into names."""
    client = open_client(
        native, "class ReLU:\n    def fprop(self, x): return x\n    def back(self, g): return g"
    )
    client._session = SimpleNamespace(other_names={"relu": {"forward": "fprop", "backward": "BaCk"}})
    found = client.other_names
    client._session = None
    assert found == {"relu": {"forward": "fprop"}}


def test_other_names_are_kept_when_the_worker_ends(native, open_client, ask):
    client = open_client(
        native, "class ReLU:\n    def fprop(self, x): return x\n    def back(self, g): return g"
    )
    ask(client)
    client.close()
    assert client.other_names == {"relu": {"forward": "fprop", "backward": "back"}}
