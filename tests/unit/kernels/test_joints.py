"""Many rows by joint tables add what each row adds by itself."""

from __future__ import annotations

import numpy as np
import pytest

from procgen.kernels.runtime.ensemble import prepared
from procgen.kernels.runtime.joint_tables import binned, runs_of
from procgen.kernels.runtime.masks import Masks


def random_tree(rng, leaves, tests, outputs):
    """A tree that splits its leaves at random; siblings stand side by side."""
    child, feature, test, left = [0], [0], [None], [False]
    while child.count(0) < leaves:
        node = int(rng.choice([place for place, own in enumerate(child) if own == 0]))
        feature[node] = int(rng.integers(len(tests)))
        test[node], left[node] = tests[feature[node]](), bool(rng.integers(2))
        child[node] = len(child)
        child += [0, 0]
        feature += [0, 0]
        test += [None, None]
        left += [False, False]
    value = [None if own else rng.normal(size=len(outputs)).tolist() for own in child]
    named = {"feature": feature, "test": test, "left": left, "value": value}
    return {"child": child, "outputs": outputs, **named}


def masks_of(rng, counts, leaves, outputs=([0],), known=None):
    """Trees over a feature of numbers for each count, and one of as many categories.

    `known` says how many of the features each tree may test.
    """
    features, tests = [], []
    for count in counts:
        listed = list(range(count))
        features += [
            prepared({"kind": "number", "listed": [float(cut) for cut in listed]}),
            prepared({"kind": "category", "listed": listed}),
        ]
        tests += [
            lambda count=count: int(rng.integers(1, count + 1)),
            lambda count=count: np.flatnonzero(rng.integers(2, size=count)).tolist(),
        ]
    trees = [
        random_tree(rng, own, tests[: known and known[number]], outputs[number % len(outputs)])
        for number, own in enumerate(leaves)
    ]
    count = 1 + max(output for own in outputs for output in own)
    return Masks(trees, features, count, np.float64), features


def check(rng, masks, features, rows):
    most = [len(feature["listed"]) + 3 for feature in features]
    codes = [rng.integers(1, end, size=rows) for end in most]
    totals = np.zeros((len(masks.members), rows))
    masks.add(codes, totals)
    for row in {0, rows // 2, rows - 1}:
        own = [0.0] * len(totals)
        masks.add_row([int(line[row]) for line in codes], own)
        assert own == totals[:, row].tolist()


@pytest.mark.parametrize("leaves", [2, 8, 9, 16, 31, 64])
@pytest.mark.parametrize("rows", [1, 24, 2049, 5000])
def test_rows_together_add_what_one_adds(leaves, rows) -> None:
    rng = np.random.default_rng(leaves * rows)
    masks, features = masks_of(rng, [3, 40, 7, 100], [leaves] * 19)
    check(rng, masks, features, rows)


def test_outputs_of_trees_differ() -> None:
    rng = np.random.default_rng(3)
    masks, features = masks_of(rng, [5, 20], [8, 5, 3] * 9, ([0], [1, 2], [2, 0, 1], [1]))
    check(rng, masks, features, 100)


def test_trees_of_one_leaf_read_no_feature() -> None:
    rng = np.random.default_rng(4)
    masks, features = masks_of(rng, [5], [1, 1, 1])
    check(rng, masks, features, 10)


def test_a_feature_has_more_rows_than_sixteen_bits_count() -> None:
    rng = np.random.default_rng(5)
    masks, features = masks_of(rng, [90_000], [31] * 3)
    check(rng, masks, features, 3000)
    assert max(len(table) for _, tables in masks.joints.runs for _, table in tables) > 1 << 16


@pytest.mark.parametrize("rows", [100, 3000])
@pytest.mark.parametrize("first", [1, 4])
def test_trees_that_decide_by_few_features_are_looked_up_in_fewer_tables(first, rows) -> None:
    rng = np.random.default_rng(6)
    leaves, known = [first] * 32 + [31] * 32, [6] * 32 + [24] * 32
    masks, features = masks_of(rng, [9] * 12, leaves, known=known)
    check(rng, masks, features, rows)
    (few, several), *_, (_, last) = masks.joints.runs
    assert few == slice(0, 32 // masks.joints.trees)
    assert len(several) < len(last)
    if first > 1:
        assert any(place >= len(masks.joints.terms) for place, _ in several)


def test_what_is_looked_up_as_one_fits_a_table_in_every_part() -> None:
    sizes = {"a": np.array([4, 600]), "b": np.array([300, 2]), "c": np.array([1, 1])}
    assert binned(sizes, slice(0, 2)) == [["a"], ["b"]]
    assert binned(sizes, slice(0, 1)) == [["b"], ["a"]]
    assert binned({"a": np.array([3, 600]), "b": np.array([300, 1])}, slice(0, 2)) == [["a", "b"]]
    assert binned({"c": np.array([1])}, slice(0, 1)) == [["c"]]
    assert binned({}, slice(0, 1)) == []


def test_a_run_ends_where_further_calls_cost_less_than_what_they_save() -> None:
    same = {key: np.full(8, 600) for key in range(3)}
    assert runs_of(same, 8) == [slice(0, 8)]
    fewer = {key: np.repeat([2, 600], 4) for key in range(3)}
    assert runs_of(fewer, 8) == [slice(0, 4), slice(4, 8)]
    assert runs_of({}, 2) == [slice(0, 2)]
