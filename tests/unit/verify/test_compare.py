from __future__ import annotations

import math
import sys

import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from procgen.frontends import read_model
from procgen.ir.expressions import Binary, BinaryOp, Column, Sum, number
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.verify.bits import same_bits, ulps_apart
from procgen.verify.compare import Judge, row_scores
from procgen.verify.weights import Weights

EPSILON = sys.float_info.epsilon
MARGIN, PREDICT, PROBA = OutputName.MARGIN, OutputName.PREDICT, OutputName.PROBA


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        (0.0, -0.0, False),
        (math.nan, math.nan, True),
        (math.nan, None, False),
        (1, 1.0, False),
        (True, 1, False),
        ((1.0, math.nan), (1.0, math.nan), True),
        ((1.0,), (1.0, 1.0), False),
        (0.1, math.nextafter(0.1, 1), False),
        ("a", "a", True),
    ],
)
def test_same_bits(got, want, same):
    assert same_bits(got, want) is same


@pytest.mark.parametrize(
    ("got", "want", "ulps"),
    [
        (1.0, math.nextafter(1.0, 2), 1),
        (-5e-324, 5e-324, 2),
        (0.0, -0.0, 0),
        (1.7976931348623157e308, math.inf, 1),
        (math.nan, 1.0, None),
        ((0.5, 1.0), (0.5, math.nextafter(1.0, 0)), 1),
        ((0.5,), (0.5, 1.0), None),
        ("a", "b", None),
        (None, 1.0, None),
    ],
)
def test_ulps_apart(got, want, ulps):
    assert ulps_apart(got, want) == ulps


def product(name, weight):
    return Binary(BinaryOp.MULTIPLY, Column(name), number(weight))


def test_the_bound_adds_the_sizes_of_nested_terms_and_the_intercept():
    inner = Sum((product("a", -3.0), product("b", 0.5)))
    weights = Weights.of(Sum((inner, Sum((product("c", 1.0),)), number(-8.0))))
    bound = weights.bound({"a": 2.0, "b": -4.0, "c": 0.0}, {})
    assert bound == 4 * EPSILON * 8.0 + EPSILON * 8.0


def line():
    model = LinearRegression().fit([[0.0], [1.0]], [0.25, 3.0])
    return Judge(read_model(model, ["x"]).program)


def scores(judge, row):
    got = interpret(judge.program, [row])
    return row_scores(got, 0)


def test_a_margin_within_its_bound_is_right_and_one_beyond_is_not():
    judge, row = line(), {"x": 2.0}
    want = scores(judge, row)
    bound = judge.sums[0].bound(row, {})
    for distance, right in ((bound / 2, True), (bound * 2, False)):
        moved = want[MARGIN] + distance
        verdict = judge.compare(row, {MARGIN: moved, PREDICT: moved}, want)
        assert (not verdict.differences) is right
        assert (verdict.share <= 1) is right


def test_a_prediction_must_follow_from_its_own_margin():
    judge, row = line(), {"x": 2.0}
    want = scores(judge, row)
    got = {**want, PREDICT: math.nextafter(want[PREDICT], 9)}
    (wrong,) = judge.compare(row, got, want).differences
    assert wrong.output is PREDICT


def test_overflowing_terms_are_said_to_be_so():
    judge, row = line(), {"x": 1.7e308}
    verdict = judge.compare(
        row, {MARGIN: math.nan, PREDICT: math.nan}, {MARGIN: math.inf, PREDICT: math.inf}
    )
    assert verdict.overflowed
    assert not verdict.differences


def classifier():
    model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    return Judge(read_model(model, ["x"]).program)


def test_a_label_on_the_other_side_of_a_margin_within_its_bound_is_undecided():
    judge, row = classifier(), {"x": 1.5}
    ours, theirs = judge.follow(row, 5e-17), judge.follow(row, -5e-17)
    verdict = judge.compare(row, ours, theirs)
    assert not verdict.differences
    assert verdict.undecided


def test_a_label_that_does_not_follow_from_its_margin_is_wrong():
    judge, row = classifier(), {"x": 1.5}
    theirs = judge.follow(row, 5e-17)
    verdict = judge.compare(row, {**theirs, PREDICT: 0}, theirs)
    assert [wrong.output for wrong in verdict.differences] == [PREDICT]


def test_a_probability_may_be_four_ulp_off_and_not_five():
    judge, row = classifier(), {"x": 0.3}
    want = scores(judge, row)
    for steps, right in ((4, True), (5, False)):
        moved = want[PROBA]
        for _ in range(steps):
            moved = math.nextafter(moved, 1)
        verdict = judge.compare(row, {**want, PROBA: moved}, want)
        assert (not verdict.differences) is right
        assert verdict.ulps == steps


def test_a_tree_has_no_bound():
    model = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.25, 3.0])
    judge = Judge(read_model(model, ["x"]).program)
    want = scores(judge, {"x": 1.0})
    got = dict.fromkeys(want, math.nextafter(3.0, 4))
    assert not judge.is_bounded
    assert len(judge.compare({"x": 1.0}, got, want).differences) == 2
