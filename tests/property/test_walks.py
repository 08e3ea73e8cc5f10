"""Any ensemble that is walked as lists of nodes scores as the interpreter scores it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from hypothesis import given

from procgen.backends import walks
from procgen.backends.duckdb import DUCKDB
from procgen.databases.opening import open_database
from procgen.ir.expressions import Comparison, Membership, Threshold
from procgen.ir.trees import Ensemble, Leaf, Split, Tree, depth
from procgen.ir.types import DType
from tests.property.test_ensembles import assert_scores_alike, programs


@pytest.fixture(scope="module")
def duckdb():
    with open_database("duckdb:///:memory:") as database:
        with database.rehearsal():
            database.run_script("CREATE SCHEMA ml;", source="schema")
        yield database


@contextmanager
def walking():
    """Walk whatever can be walked, small as it is."""
    chosen = walks.pays
    walks.pays = lambda one: any(map(depth, one.trees)) and walks.has_lists(one)
    try:
        yield
    finally:
        walks.pays = chosen


@given(programs())
def test_a_random_ensemble_that_is_walked(duckdb, program):
    with walking():
        assert_scores_alike(duckdb, program)


def full_tree(levels: int) -> Tree:
    """A tree with a leaf for every path, in preorder."""
    nodes: list = []

    def grow(level):
        place = len(nodes)
        nodes.append(Leaf((float(place),)))
        if level:
            left = grow(level - 1)
            test = Threshold(Comparison.LE, float(place))
            nodes[place] = Split(0, test, False, left, grow(level - 1))
        return place

    grow(levels)
    return Tree(tuple(nodes))


def ensemble(*trees: Tree) -> Ensemble:
    return Ensemble((), trees, (0.0,))


def test_large_forests_are_walked_and_small_ones_are_not():
    assert walks.pays(ensemble(*[full_tree(8)] * 20))
    assert not walks.pays(ensemble(full_tree(3)))


def test_one_long_branch_among_short_trees_is_not_worth_a_walk():
    short, chain = full_tree(3), [Leaf((0.0,))]
    for _ in range(60):
        chain = [
            Split(0, Threshold(Comparison.LE, 0.0), False, 1, len(chain) + 1),
            *(
                Split(n.feature, n.test, n.default_left, n.left + 1, n.right + 1)
                if isinstance(n, Split)
                else n
                for n in chain
            ),
            Leaf((1.0,)),
        ]
    assert not walks.pays(ensemble(*[short] * 200, Tree(tuple(chain))))


@pytest.mark.parametrize(
    ("test", "bound"),
    [
        (Threshold(Comparison.LE, 1.5), 1.5),
        (Threshold(Comparison.LT, 0.0), -5e-324),
        (Threshold(Comparison.LT, float("-inf")), None),
        (Threshold(Comparison.LT, 7, DType.INT64), 6.0),
        (Threshold(Comparison.LE, 2**53, DType.INT64), None),
        (Membership(("a",)), 0.5),
    ],
)
def test_a_bound_is_the_largest_number_of_the_left_side(test, bound):
    assert walks.bound(test) == bound
    assert DUCKDB.walks
