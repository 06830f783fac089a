"""A hidden suite asks the same questions of other arrays."""

import numpy as np

from grader.cases import of_kind, suite
from grader.cases.generate.vary import hidden_suite
from grader.cases.shapes import window_counts
from grader.worker.layer_kinds import both


def test_hidden_suite_keeps_ids_and_settings():
    hidden = hidden_suite(np.random.default_rng(1))
    assert [case.id for case in hidden] == [case.id for case in suite()]
    for case, public in zip(hidden, suite(), strict=True):
        for name in ("kernel_size", "stride", "padding"):
            assert case.params.get(name) == public.params.get(name)


def test_hidden_suite_keeps_every_remainder():
    for case in of_kind(hidden_suite(np.random.default_rng(2)), "conv2d"):
        setting = zip(
            (case.sizes["H"], case.sizes["W"]),
            *(both(case.params[name]) for name in ("kernel_size", "stride", "padding")),
            strict=True,
        )
        rests = "r" + "x".join(str((size + 2 * p - k) % s) for size, k, s, p in setting)
        assert rests == case.id.split("-")[3], case.id
        assert min(window_counts(case.sizes, case.params)) >= 1


def test_hidden_suite_changes_sizes_and_depends_on_the_seed():
    one, two = (hidden_suite(np.random.default_rng(seed)) for seed in (1, 2))
    changed = sum(a.sizes != b.sizes for a, b in zip(one, suite(), strict=True))
    assert changed > 60
    assert one != two
    assert one == hidden_suite(np.random.default_rng(1))


def test_hidden_suite_keeps_single_images_and_square_and_oblong_inputs():
    for case, public in zip(hidden_suite(np.random.default_rng(3)), suite(), strict=True):
        for name, size in public.sizes.items():
            assert (case.sizes[name] == 1) == (size == 1) or name in "HW", case.id
        if public.sizes.get("H") != public.sizes.get("W"):
            assert case.sizes["H"] != case.sizes["W"], case.id
        elif len({*both(public.params.get("stride", 1))}) == 1:
            assert case.sizes.get("H") == case.sizes.get("W"), case.id
