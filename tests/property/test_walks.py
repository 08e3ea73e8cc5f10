"""Any ensemble that is walked as lists of nodes scores as the interpreter scores it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from procgen.backends.duckdb import DUCKDB
from procgen.backends.duckdb_lowerings import Use, lowering_of, lowerings, walked
from procgen.backends.lowering import Lowering
from procgen.backends.node_lists import bound, has_lists
from procgen.databases.opening import open_database
from procgen.errors import LimitError
from procgen.ir.expressions import Comparison, Membership, Threshold
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType
from tests.forced import forced
from tests.property.test_ensembles import assert_scores_alike, programs


@pytest.fixture(scope="module")
def duckdb():
    with open_database("duckdb:///:memory:") as database:
        with database.rehearsal():
            database.run_script("CREATE SCHEMA ml;", source="schema")
        yield database


@given(programs())
@settings(max_examples=settings.default.max_examples // 4)
def test_a_random_ensemble_that_is_walked(duckdb, program):
    with forced(Lowering.NODES):
        assert_scores_alike(duckdb, program)


@given(programs())
@settings(max_examples=settings.default.max_examples // 4)
def test_a_random_ensemble_that_is_added_in_passes(duckdb, program):
    with forced(Lowering.PASSES):
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


def program(*trees: Tree) -> Program:
    ensemble = Ensemble((), trees, (0.0,))
    outputs = (Output(OutputName.PREDICT, "predict", DType.FLOAT64),)
    return Program((), (), (Binding("predict", ensemble),), outputs)


def test_large_forests_are_walked_and_small_ones_are_not():
    assert lowering_of(program(*[full_tree(8)] * 20), Use.ROUTINE) is Lowering.NODES
    assert lowering_of(program(full_tree(3)), Use.ROUTINE) is Lowering.EXPRESSION


def test_a_tree_that_is_one_leaf_cannot_be_walked():
    assert Lowering.NODES not in lowerings(program(full_tree(0)))
    with pytest.raises(LimitError, match="choose one of expression"):
        walked(program(full_tree(0)), DUCKDB, Use.ROUTINE, Lowering.NODES)


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
    deep = program(*[short] * 200, Tree(tuple(chain)))
    assert has_lists(deep.bindings[0].value)
    assert lowering_of(deep, Use.ROUTINE) is Lowering.EXPRESSION


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Threshold(Comparison.LE, 1.5), 1.5),
        (Threshold(Comparison.LT, 0.0), -5e-324),
        (Threshold(Comparison.LT, float("-inf")), None),
        (Threshold(Comparison.LT, 7, DType.INT64), 6.0),
        (Threshold(Comparison.LE, 2**53, DType.INT64), None),
        (Membership(("a",)), 0.5),
    ],
)
def test_a_bound_is_the_largest_number_of_the_left_side(test, expected):
    assert bound(test) == expected
    assert DUCKDB.walks
