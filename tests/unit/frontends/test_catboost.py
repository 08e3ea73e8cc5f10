from __future__ import annotations

import math
import struct
import warnings

import catboost
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procgen.compiler import compile_model
from procgen.errors import InputsError, UnfittedModelError, UnsupportedModelError
from procgen.frontends import python_answers, read_model
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, Split
from procgen.ir.types import DType, ListType
from procgen.verify import probe_rows, random_rows
from procgen.verify.compare import Judge, is_refused, row_scores
from tests.catboost_zoo import SMALL, ZOO, fitted, mixed, numbers, regressor, score, three

ULPS_OF_CATBOOSTS_EXP = 64


def bits(value):
    if isinstance(value, list | tuple):
        return tuple(map(bits, value))
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


def place(value):
    (number,) = struct.unpack("<q", struct.pack("<d", value))
    return number if number >= 0 else -(number & (2**63 - 1))


def assert_equal(model, rows=None, types=None):
    program = read_model(model, types=types).program
    rows = rows or probe_rows(program, limit=600) + random_rows(program, 400)
    want, got = python_answers(model, program.inputs, rows), interpret(program, rows)
    judge = Judge(program)
    for at, row in enumerate(rows):
        ours, theirs = row_scores(got, at), row_scores(want, at)
        assert is_refused(ours) == is_refused(theirs), row
        if not is_refused(ours):
            assert not judge.compare(row, ours, theirs).differences, row
            assert bits(ours[OutputName.MARGIN]) == bits(theirs[OutputName.MARGIN])
    return program


@pytest.mark.parametrize("name", ZOO)
def test_scores_equal_catboost_bit_for_bit(name) -> None:
    assert_equal(fitted(name))


@pytest.mark.parametrize("name", ["multiclass", "by loss"])
def test_ten_thousand_rows_in_one_block_add_up_as_one_row_does(name) -> None:
    model = fitted(name)
    program = read_model(model).program
    rows = random_rows(program, 10_000, seed=7)
    margins = interpret(program, rows)[OutputName.MARGIN]
    asked = python_answers(model, program.inputs, rows)[OutputName.MARGIN]
    assert list(map(bits, margins)) == list(map(bits, asked))
    for at in range(200):
        alone = python_answers(model, program.inputs, rows[at : at + 1])[OutputName.MARGIN]
        assert bits(alone[0]) == bits(margins[at])


def furthest_apart(ours, theirs):
    flat = zip(np.ravel(ours).tolist(), np.ravel(theirs).tolist(), strict=True)
    return max(abs(place(a) - place(b)) for a, b in flat)


@pytest.mark.parametrize("name", ["multiclass", "multiclass of two"])
def test_softmax_of_catboost_lies_beside_its_raw_scores(name) -> None:
    model = fitted(name)
    shares = model.predict_proba(numbers())
    program = read_model(model).program
    asked = python_answers(model, program.inputs, numbers().to_dict("records"))
    theirs = shares if shares.shape[1] > 2 else shares[:, 1]
    assert furthest_apart(asked[OutputName.PROBA], theirs) <= ULPS_OF_CATBOOSTS_EXP


@pytest.mark.parametrize("name", ["poisson", "tweedie", "uncertainty"])
def test_exp_of_catboost_lies_beside_its_raw_scores(name) -> None:
    model = fitted(name)
    program = read_model(model).program
    asked = python_answers(model, program.inputs, numbers().to_dict("records"))
    theirs = model.predict(numbers())
    assert furthest_apart(asked[OutputName.PREDICT], theirs) <= ULPS_OF_CATBOOSTS_EXP


def test_sigmoids_of_catboost_are_taken_as_they_come() -> None:
    for name in ("binary", "one against all", "several labels"):
        model = fitted(name)
        program = read_model(model).program
        asked = python_answers(model, program.inputs, numbers().to_dict("records"))
        shares = model.predict_proba(numbers()).tolist()
        want = [row[1] for row in shares] if name == "binary" else [tuple(row) for row in shares]
        assert asked[OutputName.PROBA] == want


@settings(deadline=None, max_examples=15)
@given(
    depth=st.integers(1, 7),
    policy=st.sampled_from(["SymmetricTree", "Depthwise", "Lossguide"]),
    borders=st.sampled_from([1, 5, 254]),
    nan_mode=st.sampled_from(["Min", "Max"]),
    seed=st.integers(0, 99),
)
def test_any_shape_of_tree_is_exact(depth, policy, borders, nan_mode, seed) -> None:
    options = {"border_count": borders, "nan_mode": nan_mode, "random_seed": seed}
    assert_equal(regressor(depth=depth, grow_policy=policy, iterations=5, **options))


@settings(deadline=None, max_examples=10)
@given(
    loss=st.sampled_from(["Huber:delta=1", "Expectile:alpha=0.3", "LogCosh", "MAPE", "Lq:q=3"]),
    estimation=st.sampled_from(["Gradient", "Simple"]),
    boosting=st.sampled_from(["Ordered", "Plain"]),
)
def test_losses_without_a_link_predict_their_raw_scores(loss, estimation, boosting) -> None:
    target = np.clip(score(), -5, 5) + 9
    options = {"leaf_estimation_method": estimation, "boosting_type": boosting}
    model = regressor(loss, target, iterations=4, **options)
    program = assert_equal(model)
    rows = numbers().to_dict("records")
    answers = interpret(program, rows)
    assert (
        answers[OutputName.PREDICT]
        == answers[OutputName.MARGIN]
        == model.predict(numbers()).tolist()
    )


def test_outputs_have_the_shapes_of_the_interface() -> None:
    floats = ListType(DType.FLOAT64)
    shapes = {
        "binary": (DType.FLOAT64, DType.FLOAT64, DType.BOOL),
        "binary text": (DType.FLOAT64, DType.FLOAT64, DType.TEXT),
        "binary floats": (DType.FLOAT64, DType.FLOAT64, DType.FLOAT64),
        "multiclass": (floats, floats, DType.TEXT),
        "multiclass of two": (floats, DType.FLOAT64, DType.BOOL),
        "several labels": (floats, floats, ListType(DType.INT64)),
    }
    for name, (margin, proba, predict) in shapes.items():
        types = {output.name: output.type for output in read_model(fitted(name)).program.outputs}
        assert types == {"margin": margin, "proba": proba, "predict": predict}
    base = read_model(fitted("base")).program
    assert {output.name for output in base.outputs} == {"margin", "predict"}


def test_labels_are_decided_on_the_threshold_as_catboost_does() -> None:
    model = catboost.CatBoostClassifier(**SMALL).fit(numbers(), score() > 0)
    rows = numbers().iloc[:1]
    for threshold in (0.1, 0.3, 0.45, 0.55, 0.77, 0.99):
        model.set_probability_threshold(threshold)
        border = -math.log(1 / threshold - 1)
        for bias in (math.nextafter(border, -9), border, math.nextafter(border, 9)):
            model.set_scale_and_bias(1e-300, bias)
            program = read_model(model).program
            got = interpret(program, rows.to_dict("records"))
            assert got[OutputName.MARGIN] == [bias]
            assert got[OutputName.PREDICT] == [bias > border] == model.predict(rows).tolist()


def test_equal_scores_give_the_first_class() -> None:
    model = catboost.CatBoostClassifier(**SMALL).fit(numbers(), three())
    model.set_leaf_values(np.zeros(len(model.get_leaf_values())))
    assert read_model(model).classes[0][0].value == "high"
    assert set(model.predict(numbers())[:, 0]) == {"high"}
    assert_equal(model)


def test_the_best_iteration_is_what_the_model_holds() -> None:
    model = catboost.CatBoostRegressor(**{**SMALL, "iterations": 60, "learning_rate": 1.0})
    half = len(numbers()) // 2
    model.fit(numbers()[:half], score()[:half], eval_set=(numbers()[half:], score()[half:]))
    assert model.tree_count_ == model.best_iteration_ + 1 < 60
    program = assert_equal(model)
    assert len(ensemble_of(program).trees) == model.tree_count_


def ensemble_of(program) -> Ensemble:
    return next(b.value for b in program.bindings if isinstance(b.value, Ensemble))


def test_splits_that_decide_nothing_are_left_out() -> None:
    model = regressor(depth=9, iterations=2, border_count=4)
    for tree in ensemble_of(read_model(model).program).trees:
        assert len(tree.nodes) < 200  # of 1,023
        assert all(
            tree.nodes[node.left] != tree.nodes[node.right]
            for node in tree.nodes
            if isinstance(node, Split)
        )


def test_columns_of_an_array_must_be_named() -> None:
    model = catboost.CatBoostRegressor(**SMALL).fit(numbers().to_numpy(), score())
    with pytest.raises(InputsError, match="trained without column names; name its 3 columns"):
        read_model(model)
    program = read_model(model, inputs=["a", "b", "c"]).program
    rows = [{"a": 1.0, "b": None, "c": math.inf}, {"a": -0.0, "b": 5e-324, "c": 1e300}]
    answers = python_answers(model, program.inputs, rows)
    assert answers == interpret(program, rows)


def test_integers_and_booleans_are_numbers_where_they_are_not_categories() -> None:
    frame = pd.DataFrame({"count": [1, 2, 3, 4] * 20, "flag": [True, False] * 40})
    model = catboost.CatBoostRegressor(**SMALL).fit(frame, frame["count"] * 2.0)
    assert_equal(model, types={"count": DType.INT64, "flag": DType.BOOL})


def test_a_model_that_was_not_trained_is_refused() -> None:
    with pytest.raises(UnfittedModelError, match="CatBoostClassifier has not been trained"):
        read_model(catboost.CatBoostClassifier())


def test_text_and_embedding_columns_are_refused_by_name() -> None:
    words = pd.DataFrame({"note": ["good one", "bad two"] * 60, "x": range(120)})
    model = catboost.CatBoostClassifier(**SMALL, text_features=["note"])
    model.fit(words, words["x"] > 50)
    with pytest.raises(UnsupportedModelError, match=r"text features \('note'\)"):
        read_model(model)
    vectors = pd.DataFrame({"place": [[float(x), 1.0] for x in range(120)], "x": range(120)})
    model = catboost.CatBoostClassifier(**SMALL, embedding_features=["place"])
    model.fit(vectors, vectors["x"] > 50)
    with pytest.raises(UnsupportedModelError, match=r"embedding features \('place'\)"):
        read_model(model)


def test_classes_without_rows_in_training_are_refused() -> None:
    model = catboost.CatBoostClassifier(**SMALL, loss_function="MultiClass", classes_count=4)
    model.fit(numbers(), np.where(score() > 0, 3, 0))
    with pytest.raises(UnsupportedModelError, match="without rows of some of its classes"):
        read_model(model)


def test_a_sum_of_models_is_read() -> None:
    first, second = fitted("regressor"), fitted("mae")
    assert_equal(catboost.sum_models([first, second], weights=[0.5, 0.25]))


def test_reading_makes_no_warning_and_writes_no_file(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_model(fitted("combinations"))
    assert not list(tmp_path.iterdir())


def test_a_frame_of_mixed_columns_keeps_the_models_order() -> None:
    names = [field.name for field in read_model(fitted("one-hot")).program.inputs]
    assert names == list(mixed().columns)


def test_the_same_model_gives_the_same_sql() -> None:
    model = fitted("combinations")
    first, second = (compile_model(model, name="m", target="postgres").up for _ in range(2))
    assert first == second
