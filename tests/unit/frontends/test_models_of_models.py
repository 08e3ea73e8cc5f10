"""Models made of models: the Program against scikit-learn, by the bits or within arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import (
    calibration,
    dummy,
    ensemble,
    isotonic,
    linear_model,
    model_selection,
    naive_bayes,
    neighbors,
)
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import RobustScaler

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends import python_answers, read_model
from procgen.frontends.registry import ESTIMATORS, class_name
from procgen.ir.expressions import Branch, Constant, Reference, Threshold
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from procgen.verify import probe_rows, random_rows
from procgen.verify.bits import same_bits
from procgen.verify.compare import Judge, is_refused, row_scores
from tests.models_of_models import (
    FLAGS,
    MODELS,
    PAIR,
    SIGNAL,
    TRIPLE,
    X,
    columns_of,
    fitted,
    small_forest,
    small_regression_tree,
    small_tree,
)

PROBES, RANDOM = 150, 60
FAR_AWAY = {"centroid pair", "centroid triple"}
"""Labels of rows so far away that rounding the square of the distance decides in Python."""


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_python_s(name) -> None:
    model = fitted(name)
    source = read_model(model, columns_of(model))
    program = source.program
    rows = probe_rows(program, limit=PROBES) + random_rows(program, RANDOM)
    got, want = interpret(program, rows), python_answers(model, program.inputs, rows)
    assert got.keys() == want.keys()
    judge = Judge(program)
    for place, row in enumerate(rows):
        ours, theirs = row_scores(got, place), row_scores(want, place)
        assert is_refused(ours) == is_refused(theirs), row
        if is_refused(ours):
            continue
        verdict = judge.compare(row, ours, theirs)
        assert not verdict.differences, row
        assert not verdict.undecided or name in FAR_AWAY, row
        if source.exact:
            assert same_bits(ours[OutputName.MARGIN], theirs[OutputName.MARGIN]), row


def test_isolation_forests_decide_on_the_sum_of_depths() -> None:
    program = read_model(fitted("isolation forest")).program
    label = program.binding("predict")
    assert isinstance(label, Branch)
    assert isinstance(label.test, Threshold)
    assert program.requirements == ()


def test_stumps_of_adaboost_are_one_sum_of_trees() -> None:
    program = read_model(fitted("adaboost triple")).program
    assert [binding.name for binding in program.bindings] == [
        "votes",
        "margin",
        "proba",
        "predict",
    ]


def test_labels_of_a_stack_are_its_own_and_not_positions() -> None:
    source = read_model(fitted("stacked trees triple"))
    assert source.classes == (tuple(Constant(v, DType.TEXT) for v in sorted(set(TRIPLE))),)


def test_a_search_names_what_it_found() -> None:
    source = read_model(fitted("grid search"))
    assert source.class_names == (
        "sklearn.model_selection.GridSearchCV",
        "sklearn.tree.DecisionTreeClassifier",
    )


def test_models_inside_have_names_of_their_own() -> None:
    program = read_model(fitted("calibrated stack in a search")).program
    names = [binding.name for binding in program.bindings]
    assert len(set(names)) == len(names)
    assert {"margin", "proba", "predict"} <= set(names)
    assert program.binding("proba") != Reference("margin")


REFUSED = [
    (
        ensemble.VotingClassifier([("t", small_tree())], weights=[-1]).fit(X, PAIR),
        "VotingClassifier has a negative weight",
    ),
    (
        dummy.DummyClassifier(strategy="uniform").fit(X, PAIR),
        "DummyClassifier with strategy='uniform' answers at random",
    ),
    (
        dummy.DummyClassifier(strategy="stratified").fit(X, PAIR),
        "DummyClassifier with strategy='stratified' answers at random",
    ),
    (
        TransformedTargetRegressor(small_regression_tree(), transformer=RobustScaler()).fit(
            X, SIGNAL
        ),
        "TransformedTargetRegressor inverts sklearn.preprocessing.RobustScaler",
    ),
    (
        TransformedTargetRegressor(
            small_regression_tree(), func=lambda y: y, inverse_func=lambda y: y
        ).fit(X, SIGNAL),
        "TransformedTargetRegressor inverts with <lambda>, which is Python code",
    ),
    (
        neighbors.NearestCentroid(metric="manhattan", priors=[0.9, 0.1]).fit(X, PAIR),
        "NearestCentroid with priors and metric='manhattan'",
    ),
    (
        isotonic.IsotonicRegression().fit(X.a.to_numpy(np.float32), SIGNAL.astype(np.float32)),
        "this IsotonicRegression was trained on float32 and rounds to it",
    ),
    (
        naive_bayes.MultinomialNB(alpha=0.0, force_alpha=True),
        "a log-probability is -inf",
    ),
]


@pytest.mark.parametrize(("model", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_read_is_refused_by_name(model, message) -> None:
    if isinstance(model, naive_bayes.MultinomialNB):
        with pytest.warns(RuntimeWarning):
            model.fit(X.abs() * [1, 1, 1, 0], PAIR)
    with pytest.raises(UnsupportedModelError, match=message.replace("(", r"\(")):
        read_model(model, columns_of(model))


def test_a_search_without_refit_is_not_fitted() -> None:
    search = model_selection.GridSearchCV(small_tree(), {"max_depth": [1]}, refit=False, cv=2)
    with pytest.raises(UnfittedModelError):
        read_model(search.fit(X, FLAGS))


def test_a_calibrated_fold_that_saw_too_few_classes_is_refused() -> None:
    rare = np.where(np.arange(len(X)) < 3, "rare", PAIR)
    folds = [(np.arange(3, 100), np.arange(100, 200)), (np.arange(100), np.arange(100, 200))]
    model = calibration.CalibratedClassifierCV(small_forest(), cv=folds)
    with pytest.raises(UnsupportedModelError, match="2 of 3"):
        read_model(model.fit(X, rare))


def test_rows_that_overflow_a_model_inside_are_refused_as_in_python() -> None:
    model = fitted("stacked linear regressors")
    program = read_model(model).program
    rows = [dict.fromkeys("abcd", value) for value in (1.0, 1e308, -1e308)]
    got, want = interpret(program, rows), python_answers(model, program.inputs, rows)
    for name, values in want.items():
        assert [v is None for v in got[name]] == [v is None for v in values]


def test_the_reader_of_each_class_is_found_by_its_public_name() -> None:
    assert class_name(linear_model.RANSACRegressor()) in ESTIMATORS.readers
