"""How long mistakes whose time counts take: ``python -m tests.quality.bench_mistakes``.

Trusted side; run by whoever changes `SAME_WORK`. Each takes turns with a right layer on the same inputs, at
the size at which submissions are timed. The right layer is made of the same steps; it is compared with the
reference, which is faster.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median

import numpy as np

from cnn_reference.conv import conv2d_backward, conv2d_forward
from grader.feedback.mistakes import Form, mistake
from grader.feedback.mistakes.same_work import SAME_WORK
from grader.feedback.mistakes.simulate import quick_part
from grader.speed.stopwatch import PHASES, phase_of
from grader.speed.workloads import CONV2D_PARTS, LARGE, PADDING, STRIDE, Array

LEAST = 0.8
"""Share of a right layer's time that a mistake takes at least."""
ROUNDS = 30

Run = Callable[[Mapping[str, Array]], object]


def answers(form: Form, rng: np.random.Generator) -> bool:
    """Tell whether a form answers at all at the size that is timed; some read outside of an array there."""
    inputs = LARGE.draw(rng)
    found = [quick_part("conv2d", form, part, LARGE.params, inputs) for part in form.parts()]
    return all(array is not None and bool(np.isfinite(array).all()) for array in found)


def phase_by(form: Form, phase: str) -> Run:
    """Return what computes all parts of a phase, those that the form leaves right too."""
    parts = [part for part in CONV2D_PARTS if phase_of(part) == phase]
    return lambda inputs: [quick_part("conv2d", form, part, LARGE.params, inputs) for part in parts]


def reference(phase: str) -> Run:
    """Return the reference's phase."""
    how = {"stride": STRIDE, "padding": PADDING}
    if phase == "forward":
        return lambda a: conv2d_forward(a["x"], a["weight"], a["bias"], **how)
    return lambda a: conv2d_backward(a["grad_output"], a["x"], a["weight"], **how)


def ratio(first: Run, second: Run, rng: np.random.Generator) -> float:
    """Return the median over rounds of the first one's time over the second one's."""
    ratios = []
    for _ in range(ROUNDS):
        inputs = LARGE.draw(rng)
        marks = [time.process_time()]
        for run in (first, second, first, second):
            run(inputs)
            marks.append(time.process_time())
        one, other, one_more, other_more = np.diff(marks)
        ratios.append((one + one_more) / (other + other_more))
    return float(median(ratios))


def forms() -> Iterator[tuple[str, str, Form]]:
    """Yield a title, a phase and a form for each phase that a mistake changes."""
    for name in sorted(SAME_WORK):
        for place, form in enumerate(mistake(name).forms):
            for phase in PHASES:
                if any(phase_of(part) == phase for part in form.parts()):
                    yield f"{name}.{place}", phase, form


def main() -> int:
    """Print the times; fail if a mistake is too fast."""
    rng = np.random.default_rng(0)
    right = {phase: phase_by(Form(), phase) for phase in PHASES}
    for phase in PHASES:
        share = ratio(right[phase], reference(phase), rng)
        print(f"{'a right layer':42} {phase:8} {share:5.2f} times the reference's time", flush=True)
    fast = False
    for title, phase, form in (one for one in forms() if answers(one[2], rng)):
        share = ratio(phase_by(form, phase), right[phase], rng)
        fast = fast or share < LEAST
        print(f"{title:42} {phase:8} {share:5.2f} times a right layer's", flush=True)
    return 1 if fast else 0


if __name__ == "__main__":
    sys.exit(main())
