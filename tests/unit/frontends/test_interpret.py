from __future__ import annotations

import logging
import math

import numpy as np
import pytest
from interpret.glassbox import ExplainableBoostingClassifier

from procgen.errors import InputsError, UnfittedModelError, UnsupportedModelError
from procgen.frontends import python_answers, read_model
from procgen.frontends.interpret_terms import Axis, Table, tree_of
from procgen.ir.interpreter import interpret, reach_leaf
from procgen.ir.program import OutputName
from procgen.ir.trees import Leaf
from procgen.ir.types import DType
from procgen.verify import probe_rows, random_rows
from tests.other_libraries_zoo import NOMINAL, ZOO, boosted, fitted, mixed, score
from tests.unit.frontends.other_parity import assert_equal, bits, read

logging.getLogger("interpret").setLevel(logging.ERROR)
NAMES = [name for name in ZOO if name.startswith("ebm")]


@pytest.mark.parametrize("name", NAMES)
def test_scores_equal_interprets(name) -> None:
    assert assert_equal(fitted(name)).exact


@pytest.mark.parametrize("name", NAMES)
def test_raw_scores_have_interprets_bits(name) -> None:
    model = fitted(name)
    program = read(model).program
    rows = probe_rows(program, limit=200) + random_rows(program, 200)
    want = python_answers(model, program.inputs, rows)[OutputName.MARGIN]
    assert list(map(bits, interpret(program, rows)[OutputName.MARGIN])) == list(map(bits, want))


@pytest.mark.parametrize("level", [DType.TEXT, DType.INT64, DType.FLOAT64])
@pytest.mark.parametrize("active", [DType.TEXT, DType.INT64, DType.BOOL])
def test_categories_that_look_like_numbers_may_be_of_several_types(level, active) -> None:
    assert_equal(fitted("ebm nominal"), {"level": level, "active": active})


def test_the_default_type_is_what_all_categories_look_like() -> None:
    program = read(fitted("ebm nominal")).program
    assert [field.dtype for field in program.inputs] == [
        *(DType.FLOAT64, DType.FLOAT64),
        *(DType.TEXT, DType.INT64, DType.INT64),
    ]


def test_fractions_are_categories_too() -> None:
    columns = mixed()[["dose"]]
    model = boosted(score(), columns, feature_types=["nominal"])
    assert_equal(model)
    assert read(model).program.inputs[0].dtype is DType.FLOAT64


def test_a_table_is_a_tree_that_stops_where_all_cells_agree() -> None:
    scores = np.array([[1.0, 2.0, 2.0, 9.0], [1.0, 3.0, 3.0, 9.0], [1.0, 3.0, 3.0, 9.0]])
    axes = (Axis(0, (-math.inf, 5.0)), Axis(1, (1.0, 2.0)))
    tree = tree_of(Table(axes, scores[..., None]))
    for first, row in ((None, 0), (4.9, 1), (5.0, 2)):
        for second, column in ((0.0, 0), (1.0, 1), (2.0, 2)):
            assert reach_leaf(tree, [first, second]).values == (scores[row, column],)
    assert sum(isinstance(node, Leaf) for node in tree.nodes) == 4


def test_a_minus_zero_is_a_score_of_its_own() -> None:
    tree = tree_of(Table((Axis(0, (-math.inf, 5.0)),), np.array([[0.0], [-0.0], [0.0]])))
    assert [bits(reach_leaf(tree, [value]).values) for value in (None, 1.0, 6.0)] == [
        bits((0.0,)),
        bits((-0.0,)),
        bits((0.0,)),
    ]


def test_columns_without_names_must_be_named() -> None:
    model = boosted(score(), mixed()[["dose", "rate"]].to_numpy())
    with pytest.raises(InputsError, match="without column names"):
        read_model(model)
    assert_equal(model)


def test_a_model_that_is_not_trained_is_refused() -> None:
    with pytest.raises(UnfittedModelError):
        read_model(ExplainableBoostingClassifier())


def test_one_class_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="one class"):
        read(boosted(np.array(["yes"] * len(mixed()))))


def test_a_score_that_is_no_number_is_refused() -> None:
    model = boosted(score(), mixed()[["dose"]])
    model.term_scores_[0][1] = math.nan
    with pytest.raises(UnsupportedModelError, match="not finite"):
        read(model)


def test_scores_whose_exponential_leaves_the_range_are_refused() -> None:
    model = boosted(score() > 5.5, mixed()[["dose"]])
    model.term_scores_[0] *= 1e6
    with pytest.raises(UnsupportedModelError, match="700"):
        read(model)


def test_float32_cannot_hold_categories() -> None:
    model = boosted(score() > 5.5, feature_types=NOMINAL)
    with pytest.raises(UnsupportedModelError, match="float32"):
        read(model, {"level": DType.FLOAT32})
