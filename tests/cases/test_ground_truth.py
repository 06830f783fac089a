"""The stored truth is whole, is what PyTorch says, and refuses to be read when it was altered."""

import json
import shutil

import numpy as np
import pytest

from grader.cases import of_kind, parts_of, suite
from grader.cases.generate.answers import expected_by
from grader.cases.generate.draw import draw_inputs
from grader.cases.generate.make import PUBLIC_SEED, make_ground_truth
from grader.cases.generate.pytorch import pytorch_answers
from grader.cases.ground_truth import load_ground_truth, public_folder
from grader.errors import GroundTruthError

TRUTH = load_ground_truth()


def test_public_set_holds_the_suite():
    assert TRUTH.cases == suite()
    assert not TRUTH.hidden


@pytest.mark.parametrize("case", suite(), ids=lambda case: case.id)
def test_stored_arrays_are_what_pytorch_answers(case):
    stored = TRUTH[case.id]
    inputs = draw_inputs(case, PUBLIC_SEED)
    assert inputs.keys() == stored.inputs.keys()
    for name, array in inputs.items():
        np.testing.assert_array_equal(array, stored.inputs[name])
    if case.invalid:
        assert not stored.expected
        return
    expected = expected_by(pytorch_answers, case, inputs)
    assert set(expected.values) == set(parts_of(case)) == set(stored.expected)
    for part, values in expected.values.items():
        scale = np.max(np.abs(values), initial=1.0)
        np.testing.assert_allclose(stored.expected[part].values, values, rtol=1e-12, atol=1e-14 * scale)


def test_magnitude_bounds_the_value_everywhere():
    for case in of_kind(TRUTH.cases, "conv2d"):
        for part in TRUTH[case.id].expected.values():
            assert (np.abs(part.values) <= part.magnitude * (1 + 1e-12)).all(), case.id


def test_inputs_of_float32_cases_are_float32():
    for case in TRUTH.cases:
        if case.dtype == "float32":
            floating = [a for a in TRUTH[case.id].inputs.values() if a.dtype.kind == "f"]
            assert {a.dtype for a in floating} == {np.dtype(np.float32)}


def test_arrays_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        TRUTH["relu-image"].inputs["x"][...] = 0


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(public_folder(), tmp_path / "set")


def test_load_altered_file_is_refused_by_name(copied):
    with (copied / "relu.npz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(GroundTruthError, match=r"relu\.npz is not the file that manifest\.json names"):
        load_ground_truth(copied)


def test_load_missing_folder_says_how_to_make_one(tmp_path):
    with pytest.raises(GroundTruthError, match=r"manifest\.json cannot be read .* 'grader truth'"):
        load_ground_truth(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["no json", "[]", '{"format": 99}', '{"format": 1}'])
def test_load_bad_manifest_is_refused(copied, text):
    (copied / "manifest.json").write_text(text)
    with pytest.raises(GroundTruthError, match=r"manifest\.json"):
        load_ground_truth(copied)


def test_load_case_without_arrays_is_refused_by_id(copied):
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["cases"].append({**manifest["cases"][0], "id": "k9x9"})
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(GroundTruthError, match="case k9x9 has no stored arrays"):
        load_ground_truth(copied)


def test_make_with_another_seed_gives_other_arrays_and_keeps_the_seed_secret(tmp_path):
    cases = of_kind(suite(), "linear")
    make_ground_truth(tmp_path, cases, seed=7, name="autumn")
    made = load_ground_truth(tmp_path)
    assert made.hidden
    assert "seed" not in json.loads((tmp_path / "manifest.json").read_text())
    assert not np.array_equal(made["linear"].inputs["x"], TRUTH["linear"].inputs["x"])
