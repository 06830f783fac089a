import pytest

from grader.grading.interface_fit import interface_doubts
from grader.results import Item, Outcome, Result


def _result(*outcomes: Outcome, kind: str = "conv2d", status: str = "graded") -> Result:
    """Return a result with these outcomes of forward; backward raises, and so does what should raise."""
    items = [Item(f"{kind}.forward", f"k{i}", outcome) for i, outcome in enumerate(outcomes)]
    items += [Item("conv2d.grad_x", "k0", Outcome.RAISED), Item("conv2d.errors", "e0", Outcome.PASSED)]
    return Result("ada", "Ada", None, status, 0.0, 1.0, items=tuple(items))


RAISES = _result(Outcome.RAISED, Outcome.RAISED)
MISSING = _result(Outcome.NOT_IMPLEMENTED, Outcome.NOT_RUN)
WRONG = _result(Outcome.RAISED, Outcome.WRONG_VALUE)
UNLOADED = _result(Outcome.IMPORT_FAILED)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([RAISES] * 20 + [MISSING] * 10 + [WRONG] * 4, "30 of 34 submissions so"),
        ([RAISES] * 3 + [UNLOADED] * 9, "3 of 3 submissions so"),
        ([RAISES] * 3 + [_result(Outcome.RAISED, status="grader_error")] * 9, "3 of 3 submissions so"),
        ([RAISES] * 2, ""),
        ([RAISES] * 9 + [WRONG] * 10, ""),
        ([], ""),
    ],
)
def test_interface_doubts_of_a_layer_that_most_never_answered(results: list[Result], said: str) -> None:
    doubts = interface_doubts(results, "layers")
    expected = f"conv2d never answered under the interface layers: {said}; does the assignment file fit?"
    assert doubts == ((expected,) if said else ())


def test_interface_doubts_of_several_layers_are_one_warning() -> None:
    items = tuple(Item(f"{kind}.forward", "k", Outcome.RAISED) for kind in ("conv2d", "relu"))
    result = Result("ada", "Ada", None, "graded", 0.0, 1.0, items=items)
    (doubt,) = interface_doubts([result] * 4, "")
    assert doubt.startswith("conv2d, relu never answered under this interface: 4 of 4 submissions so;")
