"""Stumps as step functions: exact sums in each interval, one for what is missing, and the bound."""

from __future__ import annotations

import math
import random
import sys

import pytest
import xgboost
from sklearn.datasets import make_regression
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from procgen.errors import LimitError
from procgen.frontends import read_model
from procgen.ir import codec
from procgen.ir.expressions import (
    Column,
    Comparison,
    Element,
    Membership,
    Reference,
    Test,
    Threshold,
)
from procgen.ir.interpreter import bind, interpret, reach_leaf
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.steps import as_steps
from procgen.ir.stumps import can_be_steps, in_any_order, in_written_order
from procgen.ir.target import Target
from procgen.ir.trees import Ensemble, Leaf, Split, Tree, depth
from procgen.ir.types import DType, Field
from procgen.passes import lower
from procgen.verify.compare import Judge

EPSILON = sys.float_info.epsilon
TARGET = Target("none", 400, 40, 100, 1000, traps_range_errors=False)
NAMES = (OutputName.MARGIN, OutputName.PREDICT)
SAMPLES = [0.0, -0.0, 1.0, -1.0, 0.1, 5e-324, -5e-324, 1e300, math.inf, -math.inf]


def stump(test: Test, left: float, right: float, *, default_left: bool = False, feature=0) -> Tree:
    split = Split(feature, test, default_left, 1, 2)
    return Tree((split, Leaf((left,)), Leaf((right,))))


def program_of(trees, dtype=DType.FLOAT64, *, base=0.5, **ensemble) -> Program:
    summed = Ensemble((Column("x"),), tuple(trees), (base,), **ensemble)
    margin = Element(Reference("trees"), 0)
    return Program(
        inputs=(Field("x", dtype),),
        requirements=(),
        bindings=(Binding("trees", summed), Binding("margin", margin)),
        outputs=tuple(Output(name, DType.FLOAT64, "margin") for name in NAMES),
    )


def steps_of(program: Program) -> Ensemble:
    found = as_steps(in_any_order(program)).binding("trees")
    assert isinstance(found, Ensemble)
    return found


def scores(margin: float) -> dict[OutputName, float]:
    return dict.fromkeys(NAMES, margin)


def beside(value: float) -> list[float]:
    return [math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf)]


def added(program: Program, x) -> float:
    """The leaves that a row reaches, without the base score, correctly rounded."""
    trees = program.binding("trees").trees
    return math.fsum(reach_leaf(tree, [x]).values[0] for tree in trees)


@pytest.mark.parametrize("seed", range(8))
def test_every_interval_and_what_is_missing_has_the_correctly_rounded_sum(seed):
    pick = random.Random(seed)
    thresholds = [*SAMPLES, *(pick.gauss(0, 1) for _ in range(30))]
    trees = [
        stump(
            Threshold(pick.choice(list(Comparison)), pick.choice(thresholds)),
            pick.gauss(0, 1) * 10 ** pick.randint(-9, 9),
            pick.gauss(0, 1),
            default_left=pick.random() < 0.5,
        )
        for _ in range(pick.choice((1, 2, 40, 200)))
    ]
    program = program_of(trees, base=0.0)
    steps = steps_of(program)
    assert len(steps.trees) == 1
    assert not steps.any_order
    assert depth(steps.trees[0]) <= math.ceil(math.log2(len(steps.trees[0].nodes)))
    merged = as_steps(in_any_order(program))
    rows = [None, math.nan, sys.float_info.max, *(x for t in thresholds for x in beside(t))]
    for x in rows:
        assert bind(merged, {"x": x})["margin"] == added(program, x), x


def test_integers_are_searched_as_integers_to_the_last_one():
    largest = 2**63 - 1
    trees = [
        stump(Threshold(Comparison.LE, bound, DType.INT64), 1.0, 0.25, default_left=True)
        for bound in (-(2**63), 2**53, 2**53 + 1, largest - 1)
    ]
    program = program_of([*trees, stump(Threshold(Comparison.LE, 7, DType.INT64), 3.0, 8.0)])
    merged = as_steps(in_any_order(program))
    (tree,) = steps_of(program).trees
    assert Threshold(Comparison.LE, largest, DType.INT64) in {
        n.test for n in tree.nodes[::1] if isinstance(n, Split)
    }
    for x in (
        None,
        -(2**63),
        -(2**63) + 1,
        7,
        8,
        2**53,
        2**53 + 1,
        2**53 + 2,
        largest - 1,
        largest,
    ):
        assert bind(merged, {"x": x})["margin"] == 0.5 + added(program, x), x


def test_equal_sets_of_categories_are_one_tree_and_others_are_not():
    some, others = Membership(("a", "b")), Membership(("c",))
    trees = [
        stump(some, 1.0, 2.0),
        stump(others, 3.0, 5.0),
        stump(some, 7.0, 11.0),
        stump(some, 13.0, 17.0, default_left=True),
    ]
    program = program_of(trees, DType.TEXT)
    assert len(steps_of(program).trees) == 3
    for x in (None, "a", "c", "d"):
        assert interpret(as_steps(in_any_order(program)), [{"x": x}])[OutputName.MARGIN] == [
            0.5 + added(program, x)
        ]


def test_trees_without_a_split_join_the_base_score():
    trees = [Tree((Leaf((0.1,)),)), stump(Threshold(Comparison.LE, 1.0), 2.0, 3.0)]
    steps = steps_of(program_of([*trees, Tree((Leaf((0.2,)),))]))
    assert steps.base_score == (math.fsum([0.5, 0.1, 0.2]),)
    assert len(steps.trees) == 1


def test_thresholds_in_float32_are_widened_before_they_are_merged():
    trees = [
        stump(Threshold(Comparison.LE, 0.1, DType.FLOAT32), 1.0, 2.0),
        stump(Threshold(Comparison.LE, 0.1), 4.0, 8.0),
    ]
    program = program_of(trees, base=0.0)
    lowered = lower(in_any_order(program), TARGET)
    (tree,) = lowered.binding("trees").trees
    assert len(tree.nodes) == 5
    middle = math.nextafter(0.1, 1.0)
    for x in (0.0, *beside(0.1), middle, 0.10000000149011612, *beside(0.10000000521540642), 1.0):
        assert bind(lowered, {"x": x})["margin"] == added(program, x), x


def test_the_bound_is_made_of_every_leaf_and_not_of_the_merged_ones():
    trees = [stump(Threshold(Comparison.LE, 1.0), 4.0, -4.0 * (-1) ** n) for n in range(10)]
    judge = Judge(in_any_order(program_of(trees)))
    (leaves,) = judge.sums
    assert (leaves.units(), judge.composite) == (11, False)
    assert leaves.bound({"x": 2.0}, {}) == 11 * EPSILON * 40.5
    assert steps_of(program_of(trees)).trees[0].nodes[2] == Leaf((0.0,))


def test_a_margin_within_the_bound_is_right_and_one_beyond_is_not():
    trees = [stump(Threshold(Comparison.LE, 1.0), 0.125, 0.3) for _ in range(8)]
    judge, row = Judge(in_any_order(program_of(trees, base=0.0))), {"x": 0.0}
    last = 1.0 - 9 * EPSILON
    assert not judge.compare(row, scores(last), scores(1.0)).differences
    assert judge.compare(row, scores(math.nextafter(last, 0.0)), scores(1.0)).differences
    exact = Judge(program_of(trees, base=0.0))
    assert exact.compare(row, scores(last), scores(1.0)).differences


def test_an_average_of_stumps_is_enclosed_by_its_bound():
    trees = [stump(Threshold(Comparison.LE, 1.0), 0.5, 1.0) for _ in range(4)]
    program = in_any_order(program_of(trees, base=0.0, divisor=4.0))
    judge, row = Judge(program), {"x": 0.0}
    assert judge.composite
    last = (2.0 - 5 * EPSILON * 2.0) / 4.0
    assert not judge.compare(row, scores(last), scores(0.5)).differences
    assert judge.compare(row, scores(math.nextafter(last, 0.0)), scores(0.5)).differences


def test_the_same_model_has_another_digest_and_can_be_read_back():
    program = program_of([stump(Threshold(Comparison.LE, 1.0), 2.0, 3.0)])
    free = in_any_order(program)
    assert "any_order" not in codec.encode(program)
    assert codec.digest(free) != codec.digest(program)
    assert codec.decode(codec.encode(free)) == free
    assert in_written_order(free) == program


def fitted(depth_of_trees):
    table, target = make_regression(60, 2, random_state=0)
    return table, target, {"max_depth": depth_of_trees, "n_estimators": 3}


def test_a_deeper_tree_is_refused_by_its_number():
    table, target, options = fitted(2)
    model = GradientBoostingRegressor(**options, random_state=0).fit(table, target)
    program = read_model(model, ["a", "b"]).program
    assert not can_be_steps(program)
    with pytest.raises(LimitError, match="tree 0 has 3 splits; train with one split a tree"):
        in_any_order(program)


def test_sums_in_float32_are_refused():
    table, target, options = fitted(1)
    model = xgboost.XGBRegressor(**options, n_jobs=1).fit(table, target)
    with pytest.raises(LimitError, match="made in float32"):
        in_any_order(read_model(model, ["a", "b"]).program)


def test_a_model_without_trees_is_refused():
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(LimitError, match="it has none"):
        in_any_order(read_model(model, ["x"]).program)


def test_leaves_whose_order_decides_whether_they_overflow_are_refused():
    trees = [stump(Threshold(Comparison.LE, 1.0), value, 0.0) for value in (1e308, 1e308, -1e308)]
    with pytest.raises(LimitError, match="leave the range of doubles"):
        in_any_order(program_of(trees))


def test_a_program_whose_order_is_kept_is_left_alone():
    program = program_of([stump(Threshold(Comparison.LE, 1.0), 2.0, 3.0) for _ in range(3)])
    assert as_steps(program) == program
    assert lower(program, TARGET) == program
