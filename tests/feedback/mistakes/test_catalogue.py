"""The catalogue: complete entries, none of which survives the cases."""

import re
from pathlib import Path

import numpy as np
import pytest

from grader.cases import LAYERS
from grader.cases.ground_truth import load_ground_truth
from grader.feedback.mistakes import CATALOGUE, Form, combine, mistake
from grader.feedback.mistakes.layers import student
from grader.feedback.mistakes.simulate import InProcess
from grader.feedback.mistakes.texts import TEXTS
from grader.feedback.mistakes.transforms import no_padding, no_stride, on
from grader.results import Outcome
from tests.quality.kill_matrix import kill_matrix, kills, main, smallest_cover, survivors

TRUTH = load_ground_truth()
NOTE = Path(__file__).parents[3] / "reference" / "DERIVATION.md"

# What the assignment's issue and the count of students' mistakes name, and the entry for it.
NAMED = {
    "kernel flipped in forward": "flips_kernel_in_forward",
    "not flipped where the dilated form needs it": "does_not_flip_kernel_in_grad_x",
    "kernel transposed in space": "transposes_kernel_in_forward",
    "channel axes swapped": "swaps_channels_in_forward",
    "H and W swapped in stride": "swaps_stride_axes_in_forward",
    "H and W swapped in padding": "swaps_padding_axes_in_forward",
    "H and W swapped in size": "swaps_output_height_and_width",
    "stride ignored in forward": "ignores_stride_in_forward",
    "stride ignored in grad_x, not dilated": "ignores_stride_in_grad_x",
    "stride ignored in grad_weight": "ignores_stride_in_grad_weight",
    "padding ignored in forward": "ignores_padding_in_forward",
    "padding ignored in grad_x": "ignores_padding_in_grad_x",
    "padding ignored in grad_weight": "ignores_padding_in_grad_weight",
    "remainder ignored": "forgets_remainder_in_grad_x",
    "remainder rounded up": "rounds_output_size_up",
    "remainder refused": "refuses_remainder",
    "unread rows given gradient": "gives_unread_rows_gradient",
    "grad_x with the padded shape": "returns_padded_grad_x",
    "grad_x cropped with p:-p": "crops_from_the_end",
    "= for += where windows overlap": "assigns_where_windows_overlap",
    "batch mean for sum": "averages_over_batch",
    "bias summed over the wrong axes": "sums_bias_over_wrong_axes",
    "bias returned (C_out, 1)": "shapes_grad_bias_differently",
    "bias missing": "forgets_bias",
    "padding with the edge value": "pads_with_edge_values",
    "one-sided padding": "pads_one_side",
    "square only": "handles_square_images_only",
    "upstream gradient assumed ones": "ignores_upstream_gradient",
    "gradient accumulated over calls": "accumulates_gradients",
    "input changed in place": "rectifies_input_in_place",
    "state shared between two layers": "shares_memory_between_layers",
    "second forward not seen": "keeps_first_input",
    "integer arithmetic": "computes_in_integers",
    "float32 arithmetic": "computes_in_float32",
    "max-pool gradient to every tie": "gives_gradient_to_every_tie",
    "padded maximum of zeros": "pads_maximum_with_zeros",
    "softmax not shifted": "does_not_shift_logits",
    "loss summed": "sums_loss_over_batch",
    "gradient missing 1/N": "forgets_batch_size_in_grad_logits",
    "float sizes": "computes_float_sizes",
    "float sizes in pooling": "computes_float_sizes_in_pooling",
    "as_strided out of bounds": "views_outside_the_array",
    "k - 1 if p == 0 else p": "pads_gradient_like_the_blog",
    "dilation by one zero": "dilates_by_one_zero_in_grad_x",
    "loop bound from the input's size": "counts_windows_without_padding",
    "loop bound from the input's size, backward": "counts_windows_without_padding_in_backward",
    "output as large as the input": "makes_output_as_large_as_input",
    "pad fixed at 1": "pads_by_one",
    "crop fixed at 1": "crops_by_one",
    "bias per output position": "gives_bias_gradient_per_position",
    "exact zeros made 1e-3": "replaces_zeros_in_gradients",
    "clipped gradients": "clips_gradients",
    "weights updated before grad_x": "updates_weight_before_grad_x",
    "grad_weight returned as grad_x": "returns_grad_weight_as_grad_x",
    "grad_x all zeros when p > 0": "answers_zeros_if_padded",
    "crop on the wrong axes": "crops_wrong_axes",
    "only the last sample's grad_x": "keeps_one_image_in_grad_x",
    "grad_weight zero when N = 1": "returns_zero_grad_weight_for_one_image",
    "crash when N = 1": "fails_on_one_image",
    "crash when F = 1": "fails_on_one_kernel",
    "padded twice": "pads_twice",
    "padded before dilating": "dilates_after_padding",
    "forward changes its bias": "changes_bias_in_forward",
}


def test_catalogue_names_are_unique_and_every_kind_has_some():
    names = [entry.name for entry in CATALOGUE]
    assert len(set(names)) == len(names) >= 60
    assert {entry.kind for entry in CATALOGUE} == set(LAYERS)


@pytest.mark.parametrize("name", NAMED.values(), ids=NAMED.keys())
def test_catalogue_holds_named_mistake(name):
    assert mistake(name).forms


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_catalogue_entry_has_a_sentence_and_breaks_criteria_of_its_kind(entry):
    assert entry.sentence.endswith(".")
    assert 20 < len(entry.sentence) < 160
    assert all(criterion.startswith(f"{entry.kind}.") for criterion in entry.criteria)


def test_catalogue_titles_are_a_few_words_and_tell_mistakes_of_one_criterion_apart():
    for entry in CATALOGUE:
        assert 8 <= len(entry.title) < 75, entry.name
        assert entry.title[0].isupper() or entry.title.startswith(("as_strided", "grad_", "1/N")), entry.name
        assert not entry.title.endswith("."), entry.name
    titles = [(criterion, entry.title) for entry in CATALOGUE for criterion in entry.criteria]
    assert sorted(set(titles)) == sorted(titles)


def test_catalogue_family_names_title_and_sentence_of_each_part():
    entry = mistake("ignores_stride_in_grad_x")
    assert entry.title == "Stride ignored in grad_x"
    assert entry.sentence.startswith("grad_x is what a stride of 1 gives: ")


def test_texts_are_all_used():
    used = {entry.name for entry in CATALOGUE}
    assert [name for name in TEXTS if not any(one.startswith(name) for one in used)] == []


def test_catalogue_links_lead_to_headings_of_the_derivation():
    anchors = {
        _anchor(line) for line in NOTE.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    }
    links = {entry.link for entry in CATALOGUE}
    assert {link.removeprefix("reference/DERIVATION.md#") for link in links} <= anchors


def _anchor(heading):
    """Return a heading's anchor as GitHub makes it."""
    words = heading.lstrip("#").strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("kind", LAYERS)
def test_kills_of_right_layer_are_none(kind):
    assert not any(kills(TRUTH, kind, Form()).values())


@pytest.mark.slow
def test_survivors_of_catalogue_are_none():
    assert list(survivors(TRUTH)) == []


def test_survivors_of_right_layer_are_told_by_name():
    entry = mistake("forgets_bias")
    harmless = type(entry)("harmless", "relu", ("relu.forward",), "None", "Nothing.", "", (Form(),))
    assert list(survivors(TRUTH, [harmless])) == [
        "only 0 of the 3 required cases catch 'None' in relu.forward (harmless, form 0)"
    ]


def test_kill_matrix_of_crop_from_the_end_names_cases_without_padding():
    (first, *_) = kill_matrix(TRUTH, [mistake("crops_from_the_end")])
    unpadded = {case.id for case in TRUTH.cases if "-p0x0-" in case.id and case.kind == "conv2d"}
    assert unpadded <= set(first.cases["conv2d.grad_x"])
    assert set(first.cases) == {"conv2d.grad_x"}


def test_smallest_cover_kills_as_often_as_asked_with_fewer_cases():
    entries = [entry for entry in CATALOGUE if entry.kind == "relu"]
    matrix = kill_matrix(TRUTH, entries)
    cover = smallest_cover(matrix)
    assert len(cover) < sum(case.kind == "relu" for case in TRUTH.cases)
    for row in matrix:
        for ids in row.cases.values():
            assert len(set(ids) & set(cover)) >= min(3, len(ids))


def test_combine_of_changed_arguments_makes_both_mistakes():
    both = combine(Form(on("output", "arguments", no_stride)), Form(on("output", "arguments", no_padding)))
    caller = InProcess(student("conv2d", both))
    params = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "stride": 2, "padding": 1}
    arrays = {"x": np.ones((1, 1, 3, 3)), "weight": np.ones((1, 1, 1, 1)), "bias": np.zeros(1)}
    answer = caller.run("conv2d", params, arrays, parts=("output",)).answers["output"]
    assert answer.array.shape == (1, 1, 3, 3)


def test_combine_of_the_same_step_is_none():
    crops = [mistake(name).forms[0] for name in ("crops_from_the_end", "crops_by_one")]
    assert combine(*crops) is None


def test_answer_of_view_outside_the_array_has_its_own_outcome():
    entry = mistake("views_outside_the_array")
    params = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "stride": 1, "padding": 1}
    arrays = {"x": np.ones((1, 1, 2, 2)), "weight": np.ones((1, 1, 1, 1)), "bias": np.zeros(1)}
    caller = InProcess(student("conv2d", entry.forms[0]))
    answer = caller.run("conv2d", params, arrays, parts=("output",)).answers["output"]
    assert answer.outcome is Outcome.OUT_OF_BOUNDS_VIEW


def test_main_of_unreadable_ground_truth_fails(tmp_path):
    with pytest.raises(Exception, match="cannot be read"):
        main(["--ground-truth", str(tmp_path)])
