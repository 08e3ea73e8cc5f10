"""Linear regressors: our sum runs in column order, BLAS in its own, so that a bound holds."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from procgen.errors import InputsError, UnsupportedModelError
from procgen.frontends.labels import require_finite, to_number
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Expr,
    Function,
    Match,
    Reference,
    Sum,
    Vector,
    number,
)
from procgen.ir.program import Binding, Output, OutputName
from procgen.ir.types import DType, ListType

IDENTITY_REGRESSORS = (
    "sklearn.linear_model.ARDRegression",
    "sklearn.linear_model.BayesianRidge",
    "sklearn.linear_model.ElasticNet",
    "sklearn.linear_model.ElasticNetCV",
    "sklearn.linear_model.HuberRegressor",
    "sklearn.linear_model.Lars",
    "sklearn.linear_model.LarsCV",
    "sklearn.linear_model.Lasso",
    "sklearn.linear_model.LassoCV",
    "sklearn.linear_model.LassoLars",
    "sklearn.linear_model.LassoLarsCV",
    "sklearn.linear_model.LassoLarsIC",
    "sklearn.linear_model.LinearRegression",
    "sklearn.linear_model.MultiTaskElasticNet",
    "sklearn.linear_model.MultiTaskElasticNetCV",
    "sklearn.linear_model.MultiTaskLasso",
    "sklearn.linear_model.MultiTaskLassoCV",
    "sklearn.linear_model.OrthogonalMatchingPursuit",
    "sklearn.linear_model.OrthogonalMatchingPursuitCV",
    "sklearn.linear_model.PassiveAggressiveRegressor",
    "sklearn.linear_model.QuantileRegressor",
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.RidgeCV",
    "sklearn.linear_model.SGDRegressor",
    "sklearn.linear_model.TheilSenRegressor",
    "sklearn.svm.LinearSVR",
)
GENERALIZED_REGRESSORS = (
    "sklearn.linear_model.GammaRegressor",
    "sklearn.linear_model.PoissonRegressor",
    "sklearn.linear_model.TweedieRegressor",
)
GROUP = 8
"""Terms of one Sum; longer ones nest: one by one, 1,000 terms would lose ten times the bits."""


@ESTIMATORS.reads(*IDENTITY_REGRESSORS, bound=WEIGHTED_SUMS)
def read_linear_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Prediction and margin are one value, or a list where `coef_` has a row for each target."""
    return regression(read_margin(model, frame), Reference(scope.name("margin")), frame, scope)


@ESTIMATORS.reads(*GENERALIZED_REGRESSORS, bound=WEIGHTED_SUMS)
def read_generalized_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The link is the one chosen in `fit`, even where `link` or `power` were changed since."""
    link = type(model._base_loss.link).__name__  # noqa: SLF001 - predict() reads it there too
    margin = Reference(scope.name("margin"))
    match link:
        case "LogLink":
            return regression(read_margin(model, frame), Call(Function.EXP, margin), frame, scope)
        case "IdentityLink":
            return regression(read_margin(model, frame), margin, frame, scope)
        case _:
            raise UnsupportedModelError(f"{type(model).__name__} has the link {link}")


def regression(margin: Expr, prediction: Expr, frame: Frame, scope: Scope) -> Scores:
    """Scores of a regressor: `prediction` refers to the binding of `margin`."""
    bindings = (
        Binding(scope.name("margin"), margin),
        Binding(scope.name("predict"), prediction),
    )
    kind = ListType(DType.FLOAT64) if isinstance(margin, Vector) else DType.FLOAT64
    return Scores(
        requirements=frame.requirements + require_finite(frame),
        bindings=frame.bindings + bindings,
        outputs=(
            Output(OutputName.PREDICT, kind, scope.name("predict")),
            Output(OutputName.MARGIN, kind, scope.name("margin")),
        ),
        exact=False,
    )


def read_margin(model: Any, frame: Frame) -> Expr:
    """`X @ coef_.T + intercept_`: one Sum where `coef_` is a vector, else a Vector of Sums."""
    coefficients = dense(model.coef_)
    check_width(coefficients, frame)
    rows = np.atleast_2d(coefficients)
    intercepts = np.broadcast_to(dense(model.intercept_).ravel(), (len(rows),))
    sums = tuple(
        weighted_sum(row.tolist(), float(intercept), frame)
        for row, intercept in zip(rows, intercepts, strict=True)
    )
    return sums[0] if coefficients.ndim == 1 else Vector(sums)


def dense(coefficients: Any) -> np.ndarray:
    """Coefficients as doubles, which float32 ones become without rounding.

    `sparsify()` leaves a sparse matrix.
    """
    if hasattr(coefficients, "toarray"):
        coefficients = coefficients.toarray()
    return np.asarray(coefficients, dtype=np.float64)


def check_width(coefficients: np.ndarray, frame: Frame) -> None:
    """Raise InputsError unless there is one coefficient a column."""
    wanted, given = coefficients.shape[-1], len(frame.features)
    if wanted != given:
        raise InputsError(f"the model has {wanted} coefficients and was given {given} columns")


def weighted_sum(weights: list[float], intercept: float, frame: Frame) -> Sum:
    """`((x0*w0 + x1*w1) + ...) + intercept`.

    A zero weight is left out: the columns are finite, so its product is a zero.
    """
    if not math.isfinite(intercept):
        raise _not_finite("the intercept", intercept)
    terms: list[Expr] = []
    for feature, weight in zip(frame.features, weights, strict=True):
        if not math.isfinite(weight):
            raise _not_finite(f"the coefficient of {feature.name!r}", weight)
        operand = to_number(feature)
        if weight != 0.0:
            terms.append(Binary(BinaryOp.MULTIPLY, operand, number(weight)))
    return Sum((*grouped(_by_column(terms)), number(intercept)))


def _by_column(terms: list[Expr]) -> list[Expr]:
    """One-hot columns of one input side by side as one Sum: at most one term is not zero."""
    runs = itertools.groupby(terms, key=_encoded)
    return [
        part
        for subject, run in runs
        for part in ([Sum(tuple(run))] if subject is not None else run)
    ]


def _encoded(term: Expr) -> Expr | None:
    match term:
        case Binary(_, Match(subject, _, _, _), _):
            return subject
        case _:
            return None


def _not_finite(what: str, value: float) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{what} is {value}", hint="train it again: its scores would be no numbers in Python either"
    )


def grouped(terms: list[Expr]) -> list[Expr]:
    """The terms as Sums of Sums, none longer than GROUP."""
    while len(terms) > GROUP:
        starts = range(0, len(terms), GROUP)
        terms = [Sum(tuple(terms[start : start + GROUP])) for start in starts]
    return terms
