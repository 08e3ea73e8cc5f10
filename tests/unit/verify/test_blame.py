"""The tree that gave a wrong score is named where the sum tells it, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression

from procgen.backends.duckdb import DUCKDB
from procgen.frontends import read_model
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, Leaf, Split
from procgen.passes import lower
from procgen.verify.blame import UNKNOWN, blame

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 2))
Y = X[:, 0] * 1.7 - X[:, 1] ** 2 + 0.1
ROW = {"age": 0.25, "income": -0.75}


def lowered(model):
    return lower(read_model(model, ["age", "income"]).program, DUCKDB.target)


def boosting():
    model = GradientBoostingRegressor(n_estimators=8, max_depth=2, random_state=0)
    return lowered(model.fit(X, Y))


def margin(program, row=ROW):
    return interpret(program, [row])[OutputName.MARGIN][0]


def with_tree(program, number, change):
    """The Program with one tree changed."""
    (place,) = [i for i, b in enumerate(program.bindings) if isinstance(b.value, Ensemble)]
    binding = program.bindings[place]
    trees = list(binding.value.trees)
    trees[number] = change(trees[number])
    changed = replace(binding, value=replace(binding.value, trees=tuple(trees)))
    bindings = (*program.bindings[:place], changed, *program.bindings[place + 1 :])
    return replace(program, bindings=bindings)


def root_turned(tree):
    root = tree.nodes[0]
    assert isinstance(root, Split)
    return replace(tree, nodes=(replace(root, left=root.right, right=root.left), *tree.nodes[1:]))


@pytest.mark.parametrize("number", range(8))
def test_a_tree_that_went_the_other_way_is_named_with_its_split(number):
    program = boosting()
    wrong = with_tree(program, number, root_turned)
    found = blame(program, ROW, margin(wrong))
    assert found.startswith(f"tree {number} went ")
    assert " at age <" in found or " at income <" in found


def test_a_forest_of_classes_is_divided_first():
    model = RandomForestClassifier(7, max_depth=3, random_state=0).fit(X, (Y > 0) + (Y > 1) * 1)
    program = lowered(model)
    wrong = with_tree(program, 3, root_turned)
    # Several leaves of a forest of classes have the same fractions, so the split is left open.
    assert blame(program, ROW, margin(wrong)) == "tree 3 gave (1.0, 0.0, 0.0)"


def test_one_of_several_sums_is_enough():
    model = GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0)
    program = lowered(model.fit(X, (Y > 0) + (Y > 1) * 1))
    wrong = with_tree(program, 4, root_turned)
    assert blame(program, ROW, margin(wrong)).startswith("tree 4 went ")


def test_a_right_margin_clears_the_trees():
    program = boosting()
    assert blame(program, ROW, margin(program)) == "no tree: the margin is right"


def test_a_value_that_no_leaf_has_cannot_be_told():
    program = boosting()
    assert blame(program, ROW, np.nextafter(margin(program), 9).item()) == UNKNOWN


def test_two_wrong_trees_cannot_be_told():
    program = boosting()
    wrong = with_tree(with_tree(program, 2, root_turned), 5, root_turned)
    assert blame(program, ROW, margin(wrong)).startswith(UNKNOWN)


def test_two_trees_that_explain_it_are_both_named():
    program = boosting()
    (trees,) = [b.value.trees for b in program.bindings if isinstance(b.value, Ensemble)]
    twins = with_tree(program, 1, lambda _: trees[0])
    wrong = with_tree(twins, 0, root_turned)
    assert blame(twins, ROW, margin(wrong)) == f"{UNKNOWN}: tree 0 or 1 would explain it"


def test_null_and_a_model_without_trees_cannot_be_told():
    assert blame(boosting(), ROW, None) == UNKNOWN
    line = lowered(LinearRegression().fit(X, Y))
    assert blame(line, ROW, 1.0) == UNKNOWN


def test_a_leaf_of_the_same_value_elsewhere_leaves_the_split_open():
    program = boosting()

    def level(tree):
        """Every leaf of the other side of the root has one value."""
        nodes = list(tree.nodes)
        root = nodes[0]
        for place in range(1, len(nodes)):
            if isinstance(nodes[place], Leaf):
                nodes[place] = Leaf((0.5 if place < root.right else -0.25,))
        return replace(tree, nodes=tuple(nodes))

    even = with_tree(program, 0, level)
    wrong = with_tree(even, 0, root_turned)
    assert blame(even, ROW, margin(wrong)).startswith("tree 0 went ")
