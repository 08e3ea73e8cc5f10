"""Linear models: margins within the stated bound, links within 4 ULP, labels identical."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn import linear_model, svm
from sklearn.utils.extmath import softmax

from procgen.errors import UnsupportedModelError
from procgen.frontends import linear, linear_classifiers, python_answers, read_model
from procgen.frontends.registry import ESTIMATORS, class_name
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType

EPS = np.finfo(np.float64).eps
NAMES = ("age", "income", 'a"b', "déjà vu")
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(90, len(NAMES))) * [1.0, 30.0, 0.01, 5.0] + [0.0, 10.0, 0.0, 2.0]
SIGNAL = X @ [1.0, 0.03, 40.0, -0.2]
POSITIVE = np.exp(SIGNAL / 4)
TWO_TARGETS = np.column_stack([SIGNAL, X @ [0.5, 0.0, 3.0, 1.0]])
THREE = np.digitize(SIGNAL, [-0.8, 0.8])
TARGETS = {
    "text pair": np.array(["no", "it's"])[(SIGNAL > 0).astype(int)],
    "bool pair": SIGNAL > 0,
    "int pair": np.where(SIGNAL > 0, 7, -3),
    "float pair": np.where(SIGNAL > 0, 2.0, -1.0),
    "text triple": np.array(["b", "a", "ç"])[THREE],
    "int triple": np.array([5, 10, -2])[THREE],
}


def quiet(function, *args, **options):
    """Run what warns of slow convergence or of its own removal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **options)


REGRESSORS = [
    (linear_model.ARDRegression(), SIGNAL),
    (linear_model.BayesianRidge(), SIGNAL),
    (linear_model.ElasticNet(alpha=0.01), SIGNAL),
    (linear_model.ElasticNet(alpha=0.01), TWO_TARGETS),
    (linear_model.ElasticNetCV(cv=3), SIGNAL),
    (linear_model.GammaRegressor(), POSITIVE),
    (linear_model.HuberRegressor(), SIGNAL),
    (linear_model.Lars(), SIGNAL),
    (linear_model.Lars(), TWO_TARGETS),
    (linear_model.LarsCV(cv=3), SIGNAL),
    (linear_model.Lasso(alpha=0.1), SIGNAL),
    (linear_model.Lasso(alpha=1e9), SIGNAL),
    (linear_model.LassoCV(cv=3), SIGNAL),
    (linear_model.LassoLars(alpha=0.01), SIGNAL),
    (linear_model.LassoLarsCV(cv=3), SIGNAL),
    (linear_model.LassoLarsIC(), SIGNAL),
    (linear_model.LinearRegression(), SIGNAL),
    (linear_model.LinearRegression(), SIGNAL.reshape(-1, 1)),
    (linear_model.LinearRegression(), TWO_TARGETS),
    (linear_model.LinearRegression(positive=True), SIGNAL),
    (linear_model.MultiTaskElasticNet(alpha=0.01), TWO_TARGETS),
    (linear_model.MultiTaskElasticNetCV(cv=3), TWO_TARGETS),
    (linear_model.MultiTaskLasso(alpha=0.01), TWO_TARGETS),
    (linear_model.MultiTaskLassoCV(cv=3), TWO_TARGETS),
    (linear_model.OrthogonalMatchingPursuit(), SIGNAL),
    (linear_model.OrthogonalMatchingPursuitCV(cv=3), SIGNAL),
    (quiet(linear_model.PassiveAggressiveRegressor, random_state=0), SIGNAL),
    (linear_model.PoissonRegressor(), POSITIVE),
    (linear_model.QuantileRegressor(alpha=0.0), SIGNAL),
    (linear_model.Ridge(), SIGNAL),
    (linear_model.Ridge(), SIGNAL.reshape(-1, 1)),
    (linear_model.Ridge(), TWO_TARGETS),
    (linear_model.RidgeCV(), SIGNAL),
    (linear_model.RidgeCV(), TWO_TARGETS),
    (linear_model.SGDRegressor(random_state=0, eta0=1e-5), SIGNAL),
    (linear_model.TheilSenRegressor(random_state=0, max_subpopulation=50), SIGNAL),
    (linear_model.TweedieRegressor(power=0), SIGNAL),
    (linear_model.TweedieRegressor(power=1.5), POSITIVE),
    (linear_model.TweedieRegressor(power=0, link="log"), POSITIVE),
    (linear_model.TweedieRegressor(power=2, link="identity", alpha=10), POSITIVE),
    (svm.LinearSVR(random_state=0), SIGNAL),
]
PAIRED_AND_TRIPLE = [
    linear_model.LogisticRegression(),
    linear_model.LogisticRegressionCV(
        cv=3, Cs=2, l1_ratios=(0,), scoring="accuracy", use_legacy_attributes=False
    ),
    quiet(linear_model.PassiveAggressiveClassifier, random_state=0),
    linear_model.Perceptron(random_state=0),
    linear_model.RidgeClassifier(),
    linear_model.RidgeClassifierCV(),
    linear_model.SGDClassifier(random_state=0, loss="hinge"),
    linear_model.SGDClassifier(random_state=0, loss="log_loss"),
    linear_model.SGDClassifier(random_state=0, loss="modified_huber"),
    svm.LinearSVC(random_state=0),
]
CLASSIFIERS = [
    *[(model, target) for model in PAIRED_AND_TRIPLE for target in TARGETS],
    (linear_model.LogisticRegression(solver="liblinear"), "text pair"),
    (linear_model.LogisticRegression(fit_intercept=False), "text triple"),
    (svm.LinearSVC(random_state=0, multi_class="crammer_singer"), "text pair"),
    (svm.LinearSVC(random_state=0, multi_class="crammer_singer"), "text triple"),
]


def rows_of(matrix):
    return [dict(zip(NAMES, values, strict=True)) for values in matrix.tolist()]


ACCEPTED = np.vstack(
    [
        X,
        RANDOM.normal(size=(300, len(NAMES))) * 10.0 ** RANDOM.integers(-12, 12, (300, 4)),
        np.zeros((1, 4)),
        -np.zeros((1, 4)),
        [[5e-324, -5e-324, 2.2e-308, 1e-310], [1e100, 1.0, -1e-100, 0.0], [1e300, 0.0, 0.0, 1.0]],
    ]
)
REFUSED = [
    dict(zip(NAMES, (value, 1.0, 1.0, 1.0), strict=True))
    for value in (None, math.nan, math.inf, -math.inf)
]


def fitted(model, target):
    frame = pd.DataFrame(X, columns=NAMES)
    return quiet(model.fit, frame, TARGETS[target] if isinstance(target, str) else target)


def bound(model):
    """The stated bound for each accepted row, a column for each margin."""
    coefficients = np.atleast_2d(model.coef_)
    intercepts = np.abs(np.atleast_1d(model.intercept_))
    return 4 * EPS * (np.abs(ACCEPTED) @ np.abs(coefficients).T) + EPS * intercepts


def both_ways(model):
    """What we and Python say of the accepted rows; the refused ones are None for both."""
    source = read_model(model)
    rows = [*rows_of(ACCEPTED), *REFUSED]
    ours = interpret(source.program, rows)
    theirs = python_answers(model, source.program.inputs, rows)
    assert ours.keys() == theirs.keys()
    for name, values in (*ours.items(), *theirs.items()):
        assert values[len(ACCEPTED) :] == [None] * len(REFUSED), name
        assert None not in values[: len(ACCEPTED)], name
    count = len(ACCEPTED)
    return (
        {name: values[:count] for name, values in ours.items()},
        {name: values[:count] for name, values in theirs.items()},
    )


def assert_margins_within_bound(model, ours, theirs):
    got, want = (np.array(scores[OutputName.MARGIN]) for scores in (ours, theirs))
    assert got.shape == want.shape
    assert (np.abs(got - want).reshape(len(got), -1) <= bound(model)).all()


def assert_within_4_ulp(got, want):
    got, want = np.asarray(got), np.asarray(want)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(all="ignore"):
        near = np.abs(got - want) <= 4 * np.spacing(np.maximum(np.abs(got), np.abs(want)))
    assert (same | near).all()


def describe(value):
    if isinstance(value, np.ndarray):
        return f"{value.ndim}d"
    return value if isinstance(value, str) else repr(value).replace("\n", "")


@pytest.mark.parametrize(("model", "target"), REGRESSORS, ids=describe)
def test_regressor_is_within_the_bound(model, target):
    ours, theirs = both_ways(fitted(model, target))
    assert_margins_within_bound(model, ours, theirs)
    margins = np.array(ours[OutputName.MARGIN])
    generalized = class_name(model) in linear.GENERALIZED_REGRESSORS
    if generalized and type(model._base_loss.link).__name__ == "LogLink":
        with np.errstate(over="ignore"):
            assert_within_4_ulp(ours[OutputName.PREDICT], np.exp(margins))
    else:
        assert ours[OutputName.PREDICT] == ours[OutputName.MARGIN]


@pytest.mark.parametrize(("model", "target"), CLASSIFIERS, ids=describe)
def test_classifier_gives_the_same_labels_and_probabilities(model, target):
    ours, theirs = both_ways(fitted(model, target))
    assert ours[OutputName.PREDICT] == theirs[OutputName.PREDICT]
    assert set(map(type, ours[OutputName.PREDICT])) == set(map(type, theirs[OutputName.PREDICT]))
    assert_margins_within_bound(model, ours, theirs)
    assert (OutputName.PROBA in ours) == hasattr(model, "predict_proba")
    if OutputName.PROBA in ours:
        margins = np.array(ours[OutputName.MARGIN])
        assert_within_4_ulp(ours[OutputName.PROBA], library_link(model, margins))


def library_link(model, margins):
    """The formulas of predict_proba, applied to our margins."""
    if isinstance(model, linear_model.LogisticRegression):
        return expit(margins) if margins.ndim == 1 else softmax(margins)
    parts = expit(margins) if model.loss == "log_loss" else (np.clip(margins, -1, 1) + 1) / 2
    if margins.ndim == 1:
        return parts
    totals = parts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(totals == 0, 1 / parts.shape[1], parts / totals)


def test_every_class_of_the_linear_readers_has_a_case():
    modules = (linear.__name__, linear_classifiers.__name__)
    read = {name for name, reader in ESTIMATORS.readers.items() if reader.__module__ in modules}
    assert read == {class_name(model) for model, _ in (*REGRESSORS, *CLASSIFIERS)}


def test_one_vs_rest_gives_equal_shares_where_every_part_is_zero():
    model = fitted(linear_model.SGDClassifier(loss="log_loss", random_state=0), "text triple")
    model.coef_[:] = -1.0
    row = dict.fromkeys(NAMES, 1e6)
    ours = interpret(read_model(model).program, [row])[OutputName.PROBA]
    assert ours == [(1 / 3, 1 / 3, 1 / 3)]
    assert ours[0] == tuple(quiet(model.predict_proba, pd.DataFrame([row]))[0])


@pytest.mark.parametrize(
    "model", [linear_model.RidgeClassifier(), linear_model.RidgeClassifierCV()]
)
def test_multilabel_ridge_gives_a_zero_or_one_for_each_column(model):
    target = np.column_stack([SIGNAL > 0, SIGNAL > 1, X[:, 0] > 0]).astype(int)
    ours, theirs = both_ways(fitted(model, target))
    assert ours[OutputName.PREDICT] == theirs[OutputName.PREDICT]
    assert_margins_within_bound(model, ours, theirs)


def test_margin_of_exactly_zero_is_the_first_class():
    model = fitted(linear_model.LogisticRegression(fit_intercept=False), "text pair")
    source = read_model(model)
    assert interpret(source.program, [dict.fromkeys(NAMES, 0.0)]) == {
        OutputName.PREDICT: ["it's"],
        OutputName.PROBA: [0.5],
        OutputName.MARGIN: [0.0],
    }


def test_output_types_follow_the_labels():
    def predicted(target):
        program = read_model(fitted(linear_model.LogisticRegression(), target)).program
        return [program.output(name).type for name in (OutputName.PREDICT, OutputName.PROBA)]

    assert predicted("text pair") == [DType.TEXT, DType.FLOAT64]
    assert predicted("bool pair") == [DType.BOOL, DType.FLOAT64]
    assert predicted("float pair") == [DType.FLOAT64, DType.FLOAT64]
    assert predicted("int triple") == [DType.INT64, ListType(DType.FLOAT64)]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_coefficient_that_is_no_number_is_refused_by_name(value):
    model = fitted(linear_model.Ridge(), SIGNAL)
    model.coef_[2] = value
    with pytest.raises(UnsupportedModelError, match=f"""coefficient of 'a"b' is {value}"""):
        read_model(model)


def test_intercept_that_is_no_number_is_refused():
    model = fitted(linear_model.LogisticRegression(), "text triple")
    model.intercept_[1] = math.nan
    with pytest.raises(UnsupportedModelError, match="the intercept is nan"):
        read_model(model)


def test_sparsified_coefficients_read_as_dense_ones():
    model = fitted(linear_model.LogisticRegression(), "text triple")
    dense = read_model(model)
    assert read_model(model.sparsify()) == dense


@pytest.mark.parametrize("width", [63, 64, 65, 200])
def test_wide_model_is_within_the_bound(width):
    matrix = RANDOM.normal(size=(300, width))
    names = [f"c{i}" for i in range(width)]
    target = matrix @ RANDOM.normal(size=width)
    model = linear_model.LinearRegression().fit(pd.DataFrame(matrix, columns=names), target)
    rows = [dict(zip(names, values, strict=True)) for values in matrix.tolist()]
    source = read_model(model)
    got = np.array(interpret(source.program, rows)[OutputName.MARGIN])
    want = np.array(python_answers(model, source.program.inputs, rows)[OutputName.MARGIN])
    limit = 4 * EPS * (np.abs(matrix) @ np.abs(model.coef_)) + EPS * abs(model.intercept_)
    assert (np.abs(got - want) <= limit).all()
