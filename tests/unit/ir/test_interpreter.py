"""The meaning of a Program, on values small enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from procgen.ir.expressions import Function
from procgen.ir.interpreter import _call_list, exp, expit, interpret, numpy_sum, to_float32
from procgen.ir.program import OutputName
from tests.golden_models import boosted_classifier, forest_of_three_classes, poisson_regression

PREDICT, PROBA, MARGIN = OutputName.PREDICT, OutputName.PROBA, OutputName.MARGIN


def one(program, **row):
    return {name: values[0] for name, values in interpret(program, [row]).items()}


def test_a_missing_value_goes_the_default_way() -> None:
    program = boosted_classifier()
    young = one(program, age=30.0, plan="basic", visits=1)
    unknown = one(program, age=None, plan="basic", visits=1)
    also = one(program, age=math.nan, plan="basic", visits=1)
    assert young == unknown == also
    assert young[MARGIN] == -0.75 + -0.5 + 0.1
    assert young[PREDICT] == "no"


def test_a_row_that_python_refuses_is_missing_in_every_output() -> None:
    assert one(boosted_classifier(), age=30.0, plan="basic", visits=None) == {
        PREDICT: None,
        PROBA: None,
        MARGIN: None,
    }


def test_an_unseen_category_goes_right_and_a_missing_one_left() -> None:
    program = forest_of_three_classes()
    assert one(program, region="west", income=2.0)[MARGIN] == (0.125, 0.625, 0.25)
    assert one(program, region=None, income=2.0)[MARGIN] == (1.0, 0.0, 0.0)


def test_ties_go_to_the_first_class() -> None:
    program = forest_of_three_classes()
    assert one(program, region="west", income=9.0)[MARGIN] == (0.0, 0.5, 0.5)
    assert one(program, region="west", income=9.0)[PREDICT] == 2


def test_imputing_weighing_and_the_link() -> None:
    scores = one(poisson_regression(), age=None, plan="gold")
    assert scores[MARGIN] == 39.5 * 0.015 + 0.0 + -1.5 - 2.0
    assert scores[PREDICT] == math.exp(scores[MARGIN])


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1e300, math.inf),
        (-1e300, -math.inf),
        (3.4028235677973366e38, math.inf),
        (3.4028235677973362e38, 3.4028234663852886e38),
        (1e-60, 0.0),
        (0.1, 0.10000000149011612),
    ],
)
def test_rounding_to_float32(value: float, rounded: float) -> None:
    assert to_float32(value) == rounded


def test_exp_and_expit_are_total() -> None:
    assert exp(800.0) == math.inf
    assert exp(-800.0) == 0.0
    assert expit(-800.0) == 0.0
    assert expit(800.0) == 1.0
    assert expit(0.0) == 0.5


def test_softmax_and_shares() -> None:
    assert _call_list(Function.SOFTMAX, [1e308, 1e308]) == (0.5, 0.5)
    assert _call_list(Function.SOFTMAX, [0.0, -1e308]) == (1.0, 0.0)
    assert _call_list(Function.NORMALIZE, [0.0, 0.0, 0.0, 0.0]) == (0.25,) * 4
    assert _call_list(Function.ARGMAX, [1.0, 3.0, 3.0]) == 1


@pytest.mark.parametrize(
    "items", [[1.0, math.nan, math.inf], [-math.inf, -math.inf], [math.inf, math.nan], [0.0, -0.0]]
)
def test_the_largest_is_what_numpy_finds(items) -> None:
    assert _call_list(Function.ARGMAX, items) == np.argmax(items)


def test_sums_are_those_of_numpy() -> None:
    generator = np.random.default_rng(0)
    for size in range(1, 129):
        row = generator.normal(size=(1, size))
        assert numpy_sum(row[0].tolist()) == row.sum(axis=1)[0]
